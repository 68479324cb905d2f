//! Where the files of tables lie: a local folder, or a bucket.
//!
//! On a local disk every write is synced, with its folder, before it counts: written beside, then renamed, so that a
//! name never stands for half a file. Buckets promise that by themselves.

mod local;
mod remote;

use std::path::{Path as LocalPath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use datafusion::datasource::object_store::ObjectStoreUrl;
use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload};

use crate::config::{LakeConfig, LakeConfigError};
use crate::error::LakeError;

/// What the query engine calls the place.
const URL: &str = "lake://tables";

/// Why an object cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// It is there already.
    #[error("{path} exists already")]
    Exists {
        /// The object.
        path: String,
    },
    /// It is not there.
    #[error("{path} is missing")]
    Missing {
        /// The object.
        path: String,
    },
    /// Anything else.
    #[error("failed to {what} {path}")]
    Io {
        /// The attempt.
        what: &'static str,
        /// The object.
        path: String,
        /// What the system or the bucket said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The place where files of tables lie. Paths are relative to it.
#[derive(Clone, Debug)]
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    local: Option<Arc<LocalPath>>,
}

impl Objects {
    /// Opens the place that the configuration names; a local folder is created.
    pub(crate) fn open(config: &LakeConfig) -> Result<Self, LakeError> {
        let Some(url) = &config.objects else {
            return Self::open_local(config.folder.join("tables"));
        };
        let wrong = |reason: String| LakeConfigError::Url {
            url: url.clone(),
            reason,
        };
        let parsed = url::Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        if parsed.scheme() == "file" {
            let folder = parsed
                .to_file_path()
                .map_err(|()| wrong("it names no local folder".to_owned()))?;
            return Self::open_local(folder);
        }
        let store = remote::open(&parsed).map_err(wrong)?;
        Ok(Self { store, local: None })
    }

    fn open_local(folder: PathBuf) -> Result<Self, LakeError> {
        let store = local::open(&folder).map_err(|source| LakeError::Open {
            path: folder.clone(),
            source,
        })?;
        Ok(Self {
            store,
            local: Some(Arc::from(folder)),
        })
    }

    /// Returns the store, and what the query engine calls it.
    pub(crate) fn for_queries(&self) -> (ObjectStoreUrl, Arc<dyn ObjectStore>) {
        let url = ObjectStoreUrl::parse(URL).expect("the constant is a URL with scheme and host");
        (url, Arc::clone(&self.store))
    }

    /// Writes an object that must not be there.
    pub(crate) async fn create(&self, path: &Path, content: Bytes) -> Result<(), ObjectsError> {
        self.write(path, content, PutMode::Create).await
    }

    /// Writes an object, in place of one that is there.
    pub(crate) async fn replace(&self, path: &Path, content: Bytes) -> Result<(), ObjectsError> {
        self.write(path, content, PutMode::Overwrite).await
    }

    async fn write(&self, path: &Path, content: Bytes, mode: PutMode) -> Result<(), ObjectsError> {
        let Some(root) = self.local.clone() else {
            let payload = PutPayload::from_bytes(content);
            let put = self.store.put_opts(path, payload, mode.into()).await;
            return put.map(|_| ()).map_err(|error| failed("write", path, error));
        };
        let place = local::Place::new(&root, path);
        let written = tokio::task::spawn_blocking(move || match mode {
            PutMode::Create => local::create(&place, &content),
            _ => local::replace(&place, &content),
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(ObjectsError::Exists {
                    path: path.to_string(),
                })
            }
            Ok(Err(error)) => Err(io("write", path, error)),
            Err(error) => Err(io("write", path, error)),
        }
    }

    /// Reads an object.
    pub(crate) async fn read(&self, path: &Path) -> Result<Bytes, ObjectsError> {
        let found = self.store.get(path).await;
        let found = found.map_err(|error| failed("read", path, error))?;
        found.bytes().await.map_err(|error| failed("read", path, error))
    }

    /// Returns everything below a folder; nothing if there is no such folder.
    pub(crate) async fn list(&self, folder: &Path) -> Result<Vec<ObjectMeta>, ObjectsError> {
        let listed = self.store.list(Some(folder)).try_collect().await;
        listed.map_err(|error| failed("list", folder, error))
    }

    /// Removes an object; one that is not there is removed.
    pub(crate) async fn delete(&self, path: &Path) -> Result<(), ObjectsError> {
        match self.store.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("remove", path, error)),
        }
    }

    /// Gives an object another name, if it is there.
    pub(crate) async fn rename(&self, from: &Path, to: &Path) -> Result<(), ObjectsError> {
        match self.store.rename(from, to).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("rename", from, error)),
        }
    }
}

fn failed(what: &'static str, path: &Path, error: object_store::Error) -> ObjectsError {
    match error {
        object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. } => {
            ObjectsError::Exists {
                path: path.to_string(),
            }
        }
        object_store::Error::NotFound { .. } => ObjectsError::Missing {
            path: path.to_string(),
        },
        error => io(what, path, error),
    }
}

fn io(
    what: &'static str,
    path: &Path,
    error: impl std::error::Error + Send + Sync + 'static,
) -> ObjectsError {
    ObjectsError::Io {
        what,
        path: path.to_string(),
        source: Box::new(error),
    }
}
