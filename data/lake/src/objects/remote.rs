//! Buckets, in builds that have them.

use std::sync::Arc;

use object_store::ObjectStore;
use url::Url;

/// Opens the bucket of a URL. Credentials, region and endpoint come from the environment.
#[cfg(feature = "s3")]
pub(super) fn open(url: &Url) -> Result<Arc<dyn ObjectStore>, String> {
    use object_store::aws::AmazonS3Builder;
    use object_store::prefix::PrefixStore;

    if url.scheme() != "s3" {
        return Err(format!("{} is neither file nor s3", url.scheme()));
    }
    let bucket = AmazonS3Builder::from_env().with_url(url.as_str()).build();
    let bucket = bucket.map_err(|error| error.to_string())?;
    let prefix = url.path().trim_matches('/');
    if prefix.is_empty() {
        return Ok(Arc::new(bucket));
    }
    Ok(Arc::new(PrefixStore::new(bucket, prefix)))
}

/// Says what is missing.
#[cfg(not(feature = "s3"))]
pub(super) fn open(url: &Url) -> Result<Arc<dyn ObjectStore>, String> {
    match url.scheme() {
        "s3" => Err("this build cannot reach buckets; build it with the feature s3".to_owned()),
        other => Err(format!("{other} is neither file nor s3")),
    }
}
