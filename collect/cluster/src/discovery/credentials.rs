//! Who we are to what runs in a cluster: the API server's credentials, in the words of a scrape configuration.
//!
//! Kubelets and the parts of the control plane ask the API server who somebody is, so its credentials are theirs.
//! Programs that a kubeconfig names to get credentials are not run for scraping.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::SERVICE_ACCOUNT;
use crate::client::Access;

/// No kubeconfig is larger.
const MAX_KUBECONFIG: u64 = 16 << 20;

/// Keys of a scrape configuration. Secrets among them: never printed.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Credentials {
    /// `tls_config`, for servers whose certificates the cluster's authority has signed.
    pub(crate) tls: Map<String, Value>,
    /// `authorization`, if there is a token.
    pub(crate) authorization: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Kubeconfig {
    current_context: String,
    clusters: Vec<NamedCluster>,
    users: Vec<NamedUser>,
    contexts: Vec<NamedContext>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedCluster {
    name: String,
    cluster: Cluster,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Cluster {
    certificate_authority: Option<PathBuf>,
    certificate_authority_data: Option<String>,
    insecure_skip_tls_verify: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedUser {
    name: String,
    user: User,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct User {
    client_certificate: Option<PathBuf>,
    client_certificate_data: Option<String>,
    client_key: Option<PathBuf>,
    client_key_data: Option<String>,
    token: Option<String>,
    #[serde(rename = "tokenFile")]
    token_file: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedContext {
    name: String,
    context: Context,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Context {
    cluster: String,
    user: String,
}

impl Credentials {
    /// Reads them, from files that may change.
    ///
    /// # Errors
    /// A file cannot be read or is not what it should be.
    pub(crate) fn load(access: &Access) -> Result<Self, String> {
        match access {
            Access::Kubeconfig { path, context } => of_kubeconfig(path, context.as_deref()),
            Access::ServiceAccount => Ok(of_pod(Path::new(SERVICE_ACCOUNT))),
            Access::Open { .. } | Access::Http { .. } => Ok(Self::default()),
        }
    }

    /// Returns `tls_config` for a server whose certificate nobody has signed.
    pub(crate) fn unverified(&self) -> Value {
        let mut tls = self.tls.clone();
        tls.remove("ca");
        tls.remove("ca_file");
        tls.insert("insecure_skip_verify".to_owned(), json!(true));
        Value::Object(tls)
    }

    /// Returns `tls_config` for a server that is known by a name.
    pub(crate) fn verified(&self, name: &str) -> Value {
        let mut tls = self.tls.clone();
        tls.insert("server_name".to_owned(), json!(name));
        Value::Object(tls)
    }
}

fn of_pod(account: &Path) -> Credentials {
    let mut tls = Map::new();
    tls.insert("ca_file".to_owned(), json!(account.join("ca.crt")));
    Credentials {
        tls,
        authorization: Some(json!({"credentials_file": account.join("token")})),
    }
}

fn of_kubeconfig(path: &Path, context: Option<&str>) -> Result<Credentials, String> {
    let failed = |why: String| format!("cannot use kubeconfig {} for scraping: {why}", path.display());
    let size = std::fs::metadata(path)
        .map_err(|error| failed(error.to_string()))?
        .len();
    if size > MAX_KUBECONFIG {
        return Err(failed(format!("it is larger than {MAX_KUBECONFIG} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    // The error of the library could quote a key.
    let config: Kubeconfig =
        serde_saphyr::from_str(&text).map_err(|_| failed("it is no kubeconfig".to_owned()))?;
    let wanted = context.unwrap_or(&config.current_context);
    let context = config.contexts.iter().find(|one| one.name == wanted);
    let context = &context
        .ok_or_else(|| failed(format!("there is no context {wanted:?}")))?
        .context;
    let cluster = config.clusters.iter().find(|one| one.name == context.cluster);
    let user = config.users.iter().find(|one| one.name == context.user);
    let folder = path.parent().unwrap_or(Path::new("/"));
    let folder = std::path::absolute(folder).map_err(|error| failed(error.to_string()))?;
    let mut tls = Map::new();
    if let Some(NamedCluster { cluster, .. }) = cluster {
        put(
            &mut tls,
            ("ca", &cluster.certificate_authority_data),
            (folder.as_path(), &cluster.certificate_authority),
        )
        .map_err(failed)?;
        if cluster.insecure_skip_tls_verify {
            tls.insert("insecure_skip_verify".to_owned(), json!(true));
        }
    }
    let mut authorization = None;
    if let Some(NamedUser { user, .. }) = user {
        let certificate = (folder.as_path(), &user.client_certificate);
        put(&mut tls, ("cert", &user.client_certificate_data), certificate).map_err(failed)?;
        let key = (folder.as_path(), &user.client_key);
        put(&mut tls, ("key", &user.client_key_data), key).map_err(failed)?;
        authorization = match (&user.token, &user.token_file) {
            (Some(token), _) => Some(json!({"credentials": token})),
            (None, Some(file)) => Some(json!({"credentials_file": folder.join(file)})),
            (None, None) => None,
        };
    }
    Ok(Credentials { tls, authorization })
}

/// Puts a text that is given in base64, or the file that holds it, under its key.
fn put(
    tls: &mut Map<String, Value>,
    (key, data): (&str, &Option<String>),
    (folder, file): (&Path, &Option<PathBuf>),
) -> Result<(), String> {
    if let Some(data) = data {
        let bytes = STANDARD.decode(data.trim()).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or_else(|| format!("its data for {key} is no text in base64"))?;
        tls.insert(key.to_owned(), json!(text));
    } else if let Some(file) = file {
        tls.insert(format!("{key}_file"), json!(folder.join(file)));
    }
    Ok(())
}
