use std::time::Duration;

use relay::RelayConfig;
use tls::SecretSource;
use wire::RemoteWriteVersion;

use super::super::Proxy;
use super::*;

fn parse(yaml: &str) -> Result<Vec<RemoteWriteConfig>, Vec<ConfigError>> {
    parse_remote_write(yaml, Path::new("/etc/periplus"))
}

#[test]
fn reads_a_block_as_in_prometheus() {
    let configs = parse(
        r#"
- url: https://example.org/api/v1/write
  name: central
  remote_timeout: 10s
  headers: {X-Scope-OrgID: team}
  protobuf_message: io.prometheus.write.v2.Request
  send_exemplars: true
  send_native_histograms: true
  basic_auth: {username: me, password_file: /run/secret}
  tls_config: {ca_file: ca.pem, server_name: central.internal}
  proxy_url: http://proxy:3128
  no_proxy: 10.0.0.0/8
  enable_http2: true
  follow_redirects: false
  http_headers: {X-Two: {values: [a, b], files: [secret]}}
  write_relabel_configs:
    - {source_labels: [__name__], regex: "go_.*", action: drop}
  queue_config: {capacity: 5000, max_shards: 10, max_samples_per_send: 500, batch_send_deadline: 1s, min_backoff: 50ms,
    retry_on_http_429: false, sample_age_limit: 1h}
  metadata_config: {send: false}
- url: http://localhost:9090/api/v1/write
"#,
    )
    .unwrap();
    let central = &configs[0];
    assert_eq!(
        (central.name.as_str(), central.timeout.as_secs()),
        ("central", 10)
    );
    assert_eq!(central.version, RemoteWriteVersion::V2);
    assert_eq!((central.queue.max_lanes, central.queue.max_request), (10, 500));
    assert_eq!(central.queue.min_backoff.as_millis(), 50);
    assert_eq!(central.sample_age_limit, Some(Duration::from_secs(3_600)));
    assert!(central.send_exemplars && central.send_native_histograms && !central.retry_on_429);
    assert_eq!((central.relabel.len(), central.metadata.send), (1, false));
    assert!(central.http2 && !central.follow_redirects);
    assert_eq!(
        central.tls.authorities,
        Some(SecretSource::File("/etc/periplus/ca.pem".into()))
    );
    assert_eq!(central.tls.server_name.as_deref(), Some("central.internal"));
    assert!(matches!(&central.proxy, Proxy::Url { except, .. } if except == "10.0.0.0/8"));
    let names: Vec<&str> = central.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["X-Scope-OrgID", "X-Two", "X-Two", "X-Two"]);
    assert_eq!(
        central.headers.last().map(|(_, value)| value.clone()),
        Some(SecretSource::File("/etc/periplus/secret".into()))
    );
    let shown = format!("{central:?}");
    assert!(
        shown.contains("/run/secret") && !shown.contains("team"),
        "{shown}"
    );
    let other = &configs[1];
    assert_eq!(
        (other.name.as_str(), other.version),
        ("2-localhost", RemoteWriteVersion::V1)
    );
    assert_eq!(
        (&other.queue, other.retry_on_429),
        (&RelayConfig::default(), true)
    );
    assert_eq!(other.sample_age_limit, None);
    assert_eq!(other.proxy, Proxy::Direct, "the environment is not asked");
    assert!(other.follow_redirects && !other.http2);
}

#[test]
fn tells_all_mistakes_at_once() {
    let errors = parse(
        r#"
- url: "not a url"
- url: http://a/write
  name: "a/b"
  remote_timeout: soon
  protobuf_message: x
  headers: {Authorization: x}
  authorization: {credentials: a, credentials_file: b}
  tls_config: {cert_file: c}
  write_relabel_configs: [{action: dance}, {regex: "("}]
  queue_config: {min_shards: 9, max_shards: 2, max_samples_per_send: 0}
  no_proxy: c
- url: http://a/write
  oauth2: {client_id: x}
  round_robin_dns: true
  tls_config: {ca: PEM, ca_file: x, min_version: TLS9}
  basic_auth: {username: a}
  bearer_token: t
  proxy_url: "http://user:pass word@[/"
- url: http://b/write
  oauth2: {client_id: x, token_url: y, grant_type: password}
"#,
    )
    .unwrap_err();
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let begins = [
        "remote_write number 1: url: ",
        "remote_write a/b: name: ",
        "remote_write a/b: remote_timeout: \"soon\" is no duration",
        "remote_write a/b: authorization: the secret and its file",
        "remote_write a/b: no_proxy: it needs proxy_url",
        "remote_write a/b: protobuf_message: \"x\" is unknown",
        "remote_write a/b: queue_config: min_shards",
        "remote_write a/b: queue_config: capacity",
        "remote_write a/b: headers: Authorization is set by the protocol",
        "remote_write a/b: tls_config: it needs both a certificate",
        "remote_write a/b: write_relabel_configs: action \"dance\" is unknown",
        "remote_write a/b: write_relabel_configs: ",
        "remote_write number 3: round_robin_dns: it is not supported",
        "remote_write number 3: authorization: more than one",
        "remote_write number 3: proxy_url: it is not the URL of a proxy",
        "remote_write number 3: tls_config: at most one of ca and ca_file",
        "remote_write number 3: tls_config: min_version \"TLS9\"",
        "remote_write number 4: oauth2: grant_type \"password\" is not supported",
        "remote_write number 4: oauth2: token_url is missing",
    ];
    assert_eq!(told.len(), begins.len(), "{told:#?}");
    for (text, begin) in told.iter().zip(begins) {
        assert!(text.starts_with(begin), "{text}\n{begin}");
    }
    assert!(matches!(
        &parse("- {uri: x}").unwrap_err()[..],
        [ConfigError::Yaml(_)]
    ));
}
