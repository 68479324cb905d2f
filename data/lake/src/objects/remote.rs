//! Buckets that speak S3.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, RetryConfig};
use url::Url;

/// Longest time that one request takes; a file has up to 32 MiB.
const REQUEST: &str = "2 minutes";
/// Times that a request is sent again, and the time in which that is begun. Upkeep comes back by itself, and somebody
/// waits for a query.
const RETRIES: usize = 3;
const RETRYING: Duration = Duration::from_secs(20);

/// Opens the bucket of a URL. Credentials, region and endpoint come from the environment.
pub(super) fn open(url: &Url) -> Result<Arc<dyn ObjectStore>, String> {
    if url.scheme() != "s3" {
        return Err(format!("{} is neither file nor s3", url.scheme()));
    }
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: RETRIES,
        retry_timeout: RETRYING,
    };
    let bucket = AmazonS3Builder::from_env()
        .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), REQUEST)
        .with_retry(retry)
        .with_url(url.as_str())
        .build();
    let bucket = bucket.map_err(|error| error.to_string())?;
    let prefix = url.path().trim_matches('/');
    if prefix.is_empty() {
        return Ok(Arc::new(bucket));
    }
    Ok(Arc::new(PrefixStore::new(bucket, prefix)))
}
