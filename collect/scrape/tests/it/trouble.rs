//! Servers that are slow, huge, packed, elsewhere, or ask who is there.

use std::io::Write as _;
use std::sync::atomic::Ordering;

use flate2::Compression;
use flate2::write::GzEncoder;
use model::is_stale;
use scrape::TargetHealth;

use super::server::{Reply, Server, page};
use super::world::World;

fn job(server: &Server, keys: &str) -> String {
    format!(
        "scrape_configs:\n- job_name: j\n  scrape_interval: 200ms\n{keys}  static_configs: [{{targets: ['{}']}}]\n",
        server.address
    )
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_kept_and_series_end_at_the_stop() {
    let server = Server::start(|_| page("a 1\n")).await;
    let mut world = World::start(&job(&server, "  extra_scrape_metrics: true\n"));
    let labels = format!("a{{instance=\"{}\", job=\"j\"}}", server.address);
    world
        .wait("four samples", || {
            Some(world.samples(&labels)).filter(|samples| samples.len() >= 4)
        })
        .await;
    assert_eq!(
        server.connections.load(Ordering::Relaxed),
        1,
        "the connection is kept"
    );
    let seen = server.last();
    assert_eq!(seen.header("accept-encoding"), Some("gzip"));
    assert_eq!(seen.header("x-prometheus-scrape-timeout-seconds"), Some("0.2"));
    assert!(
        seen.header("accept")
            .unwrap()
            .starts_with("application/openmetrics-text;version=1.0.0")
    );
    let (ended, all) = world.stop().await;
    assert_eq!(
        (ended, all),
        (9, 9),
        "the series of the page and eight about the scrape"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_server_delays_nobody() {
    let silent = Server::start(|_| Reply::Silence).await;
    let fine = Server::start(|_| page("a 1\n")).await;
    let text = format!(
        "scrape_configs:\n- job_name: j\n  scrape_interval: 200ms\n  static_configs: [{{targets: ['{}', '{}']}}]\n",
        silent.address, fine.address
    );
    let world = World::start(&text);
    let labels = format!("a{{instance=\"{}\", job=\"j\"}}", fine.address);
    world
        .wait("five samples of the other", || {
            (world.samples(&labels).len() >= 5).then_some(())
        })
        .await;
    let down = world
        .wait("the silent one to be down", || {
            world
                .targets()
                .into_iter()
                .find(|target| target.health == TargetHealth::Down)
        })
        .await;
    assert_eq!(
        down.last_error,
        "no complete answer within 200ms (scrape_timeout)"
    );
    let up = format!("up{{instance=\"{}\", job=\"j\"}}", silent.address);
    assert!(world.samples(&up).iter().all(|(_, value)| *value == 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_bounded_packed_or_not() {
    let bomb = gzip(&vec![b'#'; 64 << 20]);
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    let packed = move |body: Vec<u8>| {
        Reply::Full(
            "200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip".to_owned(),
            body,
        )
    };
    let endless = Server::start(|_| Reply::Endless).await;
    let packed_bomb = Server::start(move |_| packed(bomb.clone())).await;
    for server in [&endless, &packed_bomb] {
        let keys = "  body_size_limit: 1MB\n  extra_scrape_metrics: true\n  scrape_interval: 2s\n";
        let world = World::start(&job(server, keys).replace("  scrape_interval: 200ms\n", ""));
        let target = world.scraped().await;
        assert_eq!(target.last_error, "body_size_limit of 1048576 bytes exceeded");
        let size = format!(
            "scrape_body_size_bytes{{instance=\"{}\", job=\"j\"}}",
            server.address
        );
        let sizes = world
            .wait("its size", || {
                Some(world.samples(&size)).filter(|sizes| !sizes.is_empty())
            })
            .await;
        assert_eq!(sizes[0].1, -1.0);
    }
    let fine = Server::start(move |_| packed(gzip(b"a 1\n"))).await;
    let world = World::start(&job(&fine, ""));
    assert_eq!(world.scraped().await.last_error, "");
    let broken = Server::start(|_| {
        Reply::Full(
            "200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip".to_owned(),
            b"this is not packed at all".to_vec(),
        )
    })
    .await;
    let world = World::start(&job(&broken, ""));
    assert_eq!(
        world.scraped().await.last_error,
        "failed to unpack the answer: invalid gzip header"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_that_are_none_need_a_fallback() {
    let html = || Reply::Full("200 OK\r\nContent-Type: text/html".to_owned(), b"a 1\n".to_vec());
    let server = Server::start(move |_| html()).await;
    let world = World::start(&job(&server, ""));
    let target = world.scraped().await;
    assert_eq!(
        target.last_error,
        "the target sends Content-Type \"text/html\", which holds no metrics, and no fallback_scrape_protocol is set for it"
    );
    let world = World::start(&job(&server, "  fallback_scrape_protocol: PrometheusText0.0.4\n"));
    assert_eq!(world.scraped().await.last_error, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_followed_unless_forbidden() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/there" => page("a 1\n"),
        _ => Reply::Full("302 Found\r\nLocation: /there".to_owned(), Vec::new()),
    })
    .await;
    let world = World::start(&job(&server, ""));
    assert_eq!(world.scraped().await.health, TargetHealth::Up);
    let world = World::start(&job(&server, "  follow_redirects: false\n"));
    assert_eq!(
        world.scraped().await.last_error,
        "the server answered with HTTP status 302 Found"
    );
    let circle =
        Server::start(|_| Reply::Full("302 Found\r\nLocation: /metrics".to_owned(), Vec::new())).await;
    let world = World::start(&job(&circle, ""));
    assert!(world.scraped().await.last_error.contains("too many redirects"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_is_told_and_secrets_are_read_again() {
    let server = Server::start(|_| page("a 1\n")).await;
    let world = World::start(&job(
        &server,
        "  basic_auth: {username: u, password: p}\n  http_headers: {X-Tenant: {values: [t]}}\n  params: {q: ['1']}\n",
    ));
    world.scraped().await;
    let seen = server.last();
    assert_eq!(seen.header("authorization"), Some("Basic dTpw"));
    assert_eq!(seen.header("x-tenant"), Some("t"));
    assert_eq!(seen.path, "/metrics?q=1");

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "first\n").unwrap();
    let world = World::start_in(
        folder,
        &job(&server, "  authorization: {credentials_file: token}\n"),
    );
    let sent = |token: &str| (server.last().header("authorization") == Some(token)).then_some(());
    world.wait("the first token", || sent("Bearer first")).await;
    world.write("token", "second");
    world.wait("the second token", || sent("Bearer second")).await;
    std::fs::remove_file(world.path("token")).unwrap();
    let failed = |target: &scrape::ActiveTarget| target.last_error.contains("token: No such file");
    world
        .wait("the missing file to be named", || {
            world.targets().into_iter().find(failed)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_targets_fail_all_of_them() {
    let server = Server::start(|_| page("a 1\n")).await;
    let text = format!(
        "scrape_configs:\n- job_name: j\n  scrape_interval: 200ms\n  target_limit: 1\n  static_configs: [{{targets: ['{0}', 'localhost:{1}']}}]\n",
        server.address,
        server.address.port()
    );
    let world = World::start(&text);
    let limited = |target: &scrape::ActiveTarget| {
        target.last_error == "target_limit of 1 exceeded: the job has 2 targets"
    };
    world
        .wait("both to fail", || {
            (world.targets().iter().filter(|target| limited(target)).count() == 2).then_some(())
        })
        .await;
    assert!(server.requests.lock().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_changes_rules_without_a_gap() {
    let server = Server::start(|_| page("# HELP a About a.\na 1\nb 1\n")).await;
    let world = World::start(&job(&server, ""));
    let labels = |name: &str| format!("{name}{{instance=\"{}\", job=\"j\"}}", server.address);
    world
        .wait("both series", || {
            (world.samples(&labels("b")).len() > 1).then_some(())
        })
        .await;
    let metadata = world.handle.metadata(&scrape::MetadataRequest::default());
    assert_eq!(metadata[0].metadata.help, "About a.");

    world.write(
        "scrape.yml",
        &job(
            &server,
            "  metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: b}]\n",
        ),
    );
    world.handle.reload().await.unwrap();
    world
        .wait("b to end", || {
            world
                .samples(&labels("b"))
                .last()
                .filter(|(_, value)| is_stale(*value))
                .copied()
        })
        .await;
    let n = world.samples(&labels("a")).len();
    world
        .wait("a to go on", || {
            (world.samples(&labels("a")).len() > n).then_some(())
        })
        .await;
    assert!(
        world
            .samples(&labels("a"))
            .iter()
            .all(|(_, value)| !is_stale(*value))
    );

    world.write(
        "scrape.yml",
        "scrape_configs:\n- job_name: j\n  scrape_interval: never\n",
    );
    let error = world.handle.reload().await.unwrap_err().to_string();
    assert!(error.contains("\"never\" is not a duration"), "{error}");
    assert!(!world.handle.reload_status().successful);
    assert_eq!(
        world.targets().len(),
        1,
        "the configuration before stays in force"
    );
    assert!(world.handle.config_yaml().contains("metric_relabel_configs"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_used_except_where_it_is_not() {
    let proxy = Server::start(|_| page("through 1\n")).await;
    let direct = Server::start(|_| page("direct 1\n")).await;
    let job = |keys: &str| {
        format!(
            "scrape_configs:\n- job_name: j\n  scrape_interval: 1s\n  proxy_url: 'http://u:p@{}'\n{keys}  static_configs: [{{targets: ['{}']}}]\n",
            proxy.address, direct.address
        )
    };
    let mut world = World::start(&job(""));
    assert_eq!(world.scraped().await.health, TargetHealth::Up);
    let seen = proxy.last();
    assert_eq!(seen.path, format!("http://{}/metrics", direct.address));
    assert_eq!(seen.header("proxy-authorization"), Some("Basic dTpw"));
    assert!(direct.requests.lock().is_empty());
    world.stop().await;

    let n = proxy.requests.lock().len();
    let world = World::start(&job("  no_proxy: '10.0.0.0/8,127.0.0.1'\n"));
    assert_eq!(world.scraped().await.health, TargetHealth::Up);
    assert_eq!(direct.last().path, "/metrics");
    assert_eq!(proxy.requests.lock().len(), n);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_granted_once_and_sent_with_every_request() {
    let server = Server::start(|seen| match (seen.path.as_str(), seen.header("authorization")) {
        // "me:hunter2"
        ("/token", Some("Basic bWU6aHVudGVyMg==")) => Reply::Full(
            "200 OK\r\nContent-Type: application/json".to_owned(),
            br#"{"access_token":"granted","token_type":"bearer","expires_in":3600}"#.to_vec(),
        ),
        ("/metrics", Some("Bearer granted")) => page("a 1\n"),
        _ => Reply::Full("401 Unauthorized".to_owned(), Vec::new()),
    })
    .await;
    let keys = format!(
        "  oauth2: {{client_id: me, client_secret_file: secret, token_url: 'http://{}/token'}}\n",
        server.address
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "hunter2\n").unwrap();
    let world = World::start_in(folder, &job(&server, &keys));
    let target = world.scraped().await;
    assert_eq!(target.health, TargetHealth::Up, "{}", target.last_error);
    let labels = format!("a{{instance=\"{}\", job=\"j\"}}", server.address);
    world
        .wait("three samples", || {
            (world.samples(&labels).len() >= 3).then_some(())
        })
        .await;
    let asked = server
        .requests
        .lock()
        .iter()
        .filter(|seen| seen.path == "/token")
        .count();
    assert_eq!(asked, 1);
    world.write("secret", "hunter3\n");
    world
        .wait("the token of the other secret to be refused", || {
            let target = world.targets().pop()?;
            (target.health == TargetHealth::Down).then_some(target)
        })
        .await;
}
