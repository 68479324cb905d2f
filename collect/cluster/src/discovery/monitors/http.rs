//! How targets are reached: certificates, credentials and proxies, from secrets that the object names.
//!
//! Files that an object names are files of the operator's Prometheus. Periplus may run outside the cluster, and a
//! monitor may be anyone's: none is read. The service account that kube-prometheus' monitors name stands for the
//! credentials that Periplus has for the cluster, which are given to the monitors of chosen namespaces.

use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::job::Desk;

/// The service account of a pod.
const ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const ACCOUNT_CA: &str = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
const NO_FILES: &str = "files are not read for a monitor: name a key of a secret instead";
/// Fields that are keys of an HTTP client.
const PLAIN: [(&str, &str); 6] = [
    ("proxyUrl", "proxy_url"),
    ("noProxy", "no_proxy"),
    ("proxyFromEnvironment", "proxy_from_environment"),
    ("followRedirects", "follow_redirects"),
    ("enableHttp2", "enable_http2"),
    ("enableHTTP2", "enable_http2"),
];
const TLS: [(&str, &str); 4] = [
    ("serverName", "server_name"),
    ("insecureSkipVerify", "insecure_skip_verify"),
    ("minVersion", "min_version"),
    ("maxVersion", "max_version"),
];
const OAUTH2: [(&str, &str); 3] = [
    ("tokenUrl", "token_url"),
    ("scopes", "scopes"),
    ("endpointParams", "endpoint_params"),
];

impl Desk<'_> {
    /// Moves the keys of an HTTP client.
    pub(super) fn http(&mut self, fields: &mut Fields, to: &mut Map<String, Value>) {
        self.proxy(fields, to);
        if let Some(tls) = fields.object("tlsConfig") {
            let tls = self.tls(tls);
            to.insert("tls_config".to_owned(), Value::Object(tls));
        }
        if let Some(token) = self.secret_of(fields, "bearerTokenSecret") {
            to.insert("bearer_token".to_owned(), token);
        }
        if let Some(mut basic) = fields.object("basicAuth") {
            let mut made = Map::new();
            for name in ["username", "password"] {
                if let Some(value) = self.secret_of(&mut basic, name) {
                    made.insert(name.to_owned(), value);
                }
            }
            basic.end(&mut self.problems);
            to.insert("basic_auth".to_owned(), Value::Object(made));
        }
        if let Some(mut given) = fields.object("authorization") {
            let mut made = Map::new();
            if let Some(kind) = given.text("type") {
                made.insert("type".to_owned(), json!(kind));
            }
            if let Some(credentials) = self.secret_of(&mut given, "credentials") {
                made.insert("credentials".to_owned(), credentials);
            }
            given.end(&mut self.problems);
            if made.contains_key("credentials") {
                to.insert("authorization".to_owned(), Value::Object(made));
            }
        }
        if let Some(given) = fields.object("oauth2") {
            let made = self.oauth2(given);
            to.insert("oauth2".to_owned(), Value::Object(made));
        }
        if let Some(file) = fields.text("bearerTokenFile") {
            self.token_file(&file, &fields.place, to);
        }
    }

    fn proxy(&mut self, fields: &mut Fields, to: &mut Map<String, Value>) {
        fields.hand_over(&PLAIN, to);
        let Some(mut headers) = fields.object("proxyConnectHeader") else {
            return;
        };
        let mut made = Map::new();
        let place = headers.place.clone();
        for (name, values) in headers.remaining() {
            let mut one = Fields::new(json!({ "values": values }), &format!("{place}.{name}"));
            let selectors = one.each("values").into_iter();
            let values = selectors.filter_map(|selector| self.secret(Some(selector)));
            let values: Vec<_> = values.map(|value| json!(value.reveal())).collect();
            made.insert(name, Value::Array(values));
        }
        to.insert("proxy_connect_header".to_owned(), Value::Object(made));
    }

    /// Looks up a field that names a key of a secret.
    fn secret_of(&mut self, fields: &mut Fields, name: &str) -> Option<Value> {
        let selector = fields.object(name);
        self.secret(selector).map(|secret| json!(secret.reveal()))
    }

    fn tls(&mut self, mut fields: Fields) -> Map<String, Value> {
        let mut made = Map::new();
        fields.hand_over(&TLS, &mut made);
        for name in ["ca", "cert"] {
            let selector = fields.object(name);
            if let Some(text) = self.secret_or_config_map(selector) {
                made.insert(name.to_owned(), json!(text.reveal()));
            }
        }
        if let Some(key) = self.secret_of(&mut fields, "keySecret") {
            made.insert("key".to_owned(), key);
        }
        let place = fields.place.clone();
        for name in ["caFile", "certFile", "keyFile"] {
            match fields.text(name) {
                None => {}
                Some(file) if name == "caFile" && file == ACCOUNT_CA => self.authority(&mut made),
                Some(_) => self.hinder(format!("{place}.{name}: {NO_FILES}")),
            }
        }
        fields.end(&mut self.problems);
        made
    }

    /// Trusts whom the cluster trusts.
    fn authority(&self, made: &mut Map<String, Value>) {
        for name in ["ca", "ca_file"] {
            if let Some(value) = self.caller.credentials.tls.get(name) {
                made.insert(name.to_owned(), value.clone());
            }
        }
    }

    /// Shows who we are to the cluster, if the monitor may.
    fn token_file(&mut self, file: &str, place: &str, to: &mut Map<String, Value>) {
        if file != ACCOUNT_TOKEN {
            return self.hinder(format!("{place}.bearerTokenFile: {NO_FILES}"));
        }
        let namespace = &self.monitor.namespace;
        if !self.caller.credentials_for.contains(namespace) {
            return self.hinder(format!(
                "{place}.bearerTokenFile: the credentials for the cluster are not given to monitors of namespace \
                 {namespace}: name it under targets.credentials_for of the cluster, or a secret in the monitor"
            ));
        }
        let credentials = self.caller.credentials;
        if let Some(authorization) = &credentials.authorization {
            to.insert("authorization".to_owned(), authorization.clone());
        }
        let tls = to.entry("tls_config").or_insert_with(|| json!({}));
        if let Some(tls) = tls.as_object_mut()
            && !tls.contains_key("cert")
        {
            let ours = credentials.tls.iter();
            let ours =
                ours.filter(|(name, _)| ["cert", "cert_file", "key", "key_file"].contains(&name.as_str()));
            tls.extend(ours.map(|(name, value)| (name.clone(), value.clone())));
        }
    }

    fn oauth2(&mut self, mut fields: Fields) -> Map<String, Value> {
        let mut made = Map::new();
        fields.hand_over(&OAUTH2, &mut made);
        let id = fields.object("clientId");
        if let Some(id) = self.secret_or_config_map(id) {
            made.insert("client_id".to_owned(), json!(id.reveal()));
        }
        if let Some(secret) = self.secret_of(&mut fields, "clientSecret") {
            made.insert("client_secret".to_owned(), secret);
        }
        if let Some(tls) = fields.object("tlsConfig") {
            let tls = self.tls(tls);
            made.insert("tls_config".to_owned(), Value::Object(tls));
        }
        self.proxy(&mut fields, &mut made);
        fields.end(&mut self.problems);
        made
    }
}
