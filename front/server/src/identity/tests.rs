use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::Ordering;

use axum::http::Method;
use tempfile::TempDir;

use super::*;
use crate::fixture::{Answer, Fixture, REMOTE, request};

const QUERY: &str = "/api/v1/query?query=1";
/// Every protected endpoint, by method.
const PROTECTED: [(Method, &str); 8] = [
    (Method::GET, QUERY),
    (Method::POST, "/api/v1/query_range"),
    (Method::GET, "/api/v1/labels"),
    (Method::POST, "/api/v1/write"),
    (Method::GET, "/api/v1/status/system"),
    (Method::GET, "/api/v1/live"),
    (Method::GET, "/api/v1/promql/catalog"),
    (Method::GET, "/metrics"),
];
const OPEN: [&str; 4] = ["/", "/some/route", "/-/healthy", "/-/ready"];

async fn ask(fixture: &Fixture, headers: &[(&str, &str)]) -> Answer {
    fixture.send(request(Method::GET, QUERY, headers, "")).await
}

#[tokio::test]
async fn off_loopback_everything_that_holds_data_needs_the_token() {
    let fixture = Fixture::remote();
    let token = fixture.token.clone().unwrap();
    for (method, path) in PROTECTED {
        let answer = fixture.send(request(method, path, &[], "")).await;
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.json()["errorType"], "unauthorized", "{path}");
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer realm=\"periplus\"")
        );
        assert!(!answer.text.contains(&token));
    }
    for path in OPEN {
        assert_eq!(fixture.get(path).await.status, 200, "{path}");
    }
    let bearer = format!("Bearer {token}");
    assert_eq!(ask(&fixture, &[("authorization", &bearer)]).await.status, 200);
    assert_eq!(
        ask(&fixture, &[("authorization", &bearer.to_lowercase())])
            .await
            .status,
        200
    );
    for wrong in ["Bearer", "Bearer x", "Basic abc", &format!("{bearer}0"), &token] {
        assert_eq!(
            ask(&fixture, &[("authorization", wrong)]).await.status,
            401,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_token_opens_a_session_that_can_be_ended() {
    let fixture = Fixture::remote();
    let token = fixture.token.clone().unwrap();
    let json = [("content-type", "application/json")];
    let open = async |token: &str| {
        let body = format!("{{\"token\":\"{token}\"}}");
        fixture
            .send(request(Method::POST, "/api/v1/session", &json, body))
            .await
    };
    let wrong = open("pp_wrong").await;
    assert_eq!((wrong.status.as_u16(), wrong.header("set-cookie")), (401, None));
    let right = open(&token).await;
    assert_eq!(right.status, 200);
    let set = right.header("set-cookie").unwrap();
    assert!(
        set.ends_with("; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=Strict"),
        "{set}"
    );
    assert!(!set.contains(&token));
    let cookie = format!("other=1; {}", set.split(';').next().unwrap());
    assert_eq!(ask(&fixture, &[("cookie", &cookie)]).await.status, 200);
    let week = LIFETIME_SECONDS * 1000;
    fixture.clock.0.fetch_add(week, Ordering::Relaxed);
    assert_eq!(ask(&fixture, &[("cookie", &cookie)]).await.status, 401);
    fixture.clock.0.fetch_sub(week, Ordering::Relaxed);
    let ended = fixture
        .send(request(
            Method::DELETE,
            "/api/v1/session",
            &[("cookie", &cookie)],
            "",
        ))
        .await;
    assert!(ended.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(ask(&fixture, &[("cookie", &cookie)]).await.status, 401);
    let garbage = fixture
        .send(request(Method::POST, "/api/v1/session", &json, "{"))
        .await;
    assert_eq!(garbage.status, 400);
}

#[tokio::test]
async fn those_who_guess_have_to_wait() {
    let fixture = Fixture::remote();
    let bearer = format!("Bearer {}", fixture.token.clone().unwrap());
    for _ in 0..10 {
        assert_eq!(
            ask(&fixture, &[("authorization", "Bearer pp_guess")])
                .await
                .status,
            401
        );
    }
    let blocked = ask(&fixture, &[("authorization", &bearer)]).await;
    assert_eq!(
        (blocked.status.as_u16(), blocked.header("retry-after")),
        (429, Some("61"))
    );
    // Others are not held up, and neither is the one who guessed, later.
    let mut other = request(Method::GET, QUERY, &[("authorization", &bearer)], "");
    other.extensions_mut().insert(Peer {
        address: "198.51.100.9:1".parse().unwrap(),
    });
    assert_eq!(fixture.send(other).await.status, 200);
    fixture.clock.0.fetch_add(60_000, Ordering::Relaxed);
    assert_eq!(ask(&fixture, &[("authorization", &bearer)]).await.status, 200);
    assert_eq!(fixture.app.identity.refusals(), Refusals { origin: 0, token: 11 });
}

#[tokio::test]
async fn on_loopback_only_this_machine_is_answered() {
    let fixture = Fixture::loopback();
    for host in [
        "localhost:9090",
        "LOCALHOST",
        "127.0.0.1:1",
        "127.8.9.1",
        "[::1]:9090",
        "[::1]",
    ] {
        assert_eq!(ask(&fixture, &[("host", host)]).await.status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:9090",
        "localhost.evil.example",
        "192.0.2.7",
        "",
        "[::2]",
        "0.0.0.0",
    ] {
        let answer = ask(&fixture, &[("host", host)]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["errorType"].as_str()),
            (403, Some("forbidden")),
            "{host}"
        );
    }
    let page = fixture
        .send(request(Method::GET, "/", &[("host", "evil.example")], ""))
        .await;
    assert_eq!(page.status, 403);
    let session = fixture
        .send(request(Method::POST, "/api/v1/session", &[], ""))
        .await;
    assert_eq!(
        (session.status.as_u16(), session.header("set-cookie")),
        (200, None)
    );
}

#[tokio::test]
async fn pages_of_other_sites_are_refused() {
    let fixture = Fixture::loopback();
    let send = async |method: Method, path: &str, headers: &[(&str, &str)]| {
        fixture
            .send(request(method, path, headers, ""))
            .await
            .status
            .as_u16()
    };
    let post = async |headers: &[(&str, &str)]| send(Method::POST, QUERY, headers).await;
    assert_eq!(post(&[("origin", "http://127.0.0.1:9090")]).await, 200);
    assert_eq!(post(&[("origin", "http://127.0.0.1:3000")]).await, 403);
    assert_eq!(post(&[("origin", "https://evil.example")]).await, 403);
    assert_eq!(post(&[("origin", "null")]).await, 403);
    assert_eq!(post(&[("sec-fetch-site", "cross-site")]).await, 403);
    assert_eq!(post(&[("sec-fetch-site", "same-origin")]).await, 200);
    assert_eq!(
        send(
            Method::POST,
            "/api/v1/write",
            &[("origin", "https://evil.example")]
        )
        .await,
        403
    );
    let image = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")];
    assert_eq!(send(Method::GET, QUERY, &image).await, 403);
    let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    assert_eq!(send(Method::GET, "/", &link).await, 200);
    assert_eq!(send(Method::GET, QUERY, &link).await, 403);
    assert!(fixture.app.identity.refusals().origin >= 6);
}

#[test]
fn the_token_is_kept_as_a_hash_that_only_the_owner_reads() {
    let dir = TempDir::new().unwrap();
    let any: IpAddr = "0.0.0.0".parse().unwrap();
    let (_, token) = Identity::open(any, dir.path(), &TokenFiles::default()).unwrap();
    let token = token.unwrap();
    assert!(token.starts_with("pp_") && token.len() == 67, "{token}");
    let path = dir.path().join("identity/token.sha256");
    let stored = std::fs::read_to_string(&path).unwrap();
    assert!(!stored.contains(token.strip_prefix("pp_").unwrap()));
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        std::fs::metadata(path.parent().unwrap())
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );

    let (_, again) = Identity::open(any, dir.path(), &TokenFiles::default()).unwrap();
    assert_eq!(again, None);
    let (hash, _) = token::load_or_create(dir.path()).unwrap();
    assert!(hash.matches(&token));
    let new = rotate_token(dir.path()).unwrap();
    let (hash, _) = token::load_or_create(dir.path()).unwrap();
    assert!(hash.matches(&new) && !hash.matches(&token));

    std::fs::write(&path, "not a hash").unwrap();
    let error = Identity::open(any, dir.path(), &TokenFiles::default()).unwrap_err();
    assert!(matches!(error, IdentityError::MalformedHash { .. }), "{error}");
    let loopback = Identity::open("127.0.0.1".parse().unwrap(), dir.path(), &TokenFiles::default()).unwrap();
    assert!(!loopback.0.needs_token());
}

#[test]
fn what_is_remembered_of_strangers_is_bounded() {
    let failures = Failures::default();
    for n in 0..10_000_u32 {
        failures.note(IpAddr::from(n.to_be_bytes()), i64::from(n));
    }
    let network: IpAddr = "2001:db8::1".parse().unwrap();
    let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
    for _ in 0..10 {
        failures.note(network, 20_000);
    }
    assert_eq!(failures.wait_seconds(neighbour, 20_000), Some(61));
    assert_eq!(failures.wait_seconds(neighbour, 80_000), None);
    assert!(failures.n_addresses() <= 4096);

    let sessions = Sessions::default();
    let first = sessions.open(0);
    for n in 1..=1024 {
        sessions.open(n);
    }
    assert!(!sessions.knows(&first, 2000));
}

#[test]
fn a_self_signed_certificate_is_made_once() {
    let dir = TempDir::new().unwrap();
    let names = || vec!["localhost".to_owned(), "192.0.2.1".to_owned(), "box".to_owned()];
    let first = certificate::load_or_create(dir.path(), names()).unwrap();
    let second = certificate::load_or_create(dir.path(), names()).unwrap();
    assert_eq!(first.fingerprint(), second.fingerprint());
    assert_eq!(first.fingerprint().len(), 32 * 3 - 1);
    let key = dir.path().join("identity/key.pem");
    assert_eq!(
        std::fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    std::fs::remove_file(&key).unwrap();
    let third = certificate::load_or_create(dir.path(), names()).unwrap();
    assert_ne!(first.fingerprint(), third.fingerprint());
    std::fs::write(&key, "no key").unwrap();
    let error = certificate::load_or_create(dir.path(), names()).unwrap_err();
    assert!(
        error.to_string().starts_with("failed to read key from "),
        "{error}"
    );
}

#[tokio::test]
async fn a_token_for_writing_lets_samples_in_and_nothing_out() {
    let files = TempDir::new().unwrap();
    let file = |name: &str, token: &str| {
        let path = files.path().join(name);
        std::fs::write(&path, format!("{token}\n")).unwrap();
        Some(path)
    };
    let (full, write) = ("f".repeat(32), "w".repeat(32));
    let tokens = TokenFiles {
        full: file("token", &full),
        write: file("write-token", &write),
    };
    let fixture = Fixture::new(REMOTE, |config, _| config.tokens = tokens);
    assert_eq!(fixture.token, None, "nothing is shown that others have made");
    let send = async |method: Method, path: &str, token: &str| {
        let bearer = format!("Bearer {token}");
        let request = request(method, path, &[("authorization", &bearer)], "");
        fixture.send(request).await.status.as_u16()
    };
    for (method, path) in PROTECTED {
        let writes = path == "/api/v1/write";
        let status = send(method.clone(), path, &write).await;
        assert_eq!(status == 403, !writes, "{path} {status}");
        // The stream of events would not end.
        if path != "/api/v1/live" {
            let status = send(method, path, &full).await;
            assert!(status != 401 && status != 403, "{path} {status}");
        }
    }
    // What it may not do is no guess: it is not held up.
    assert_eq!(fixture.app.identity.refusals(), Refusals::default());
    assert_eq!(send(Method::GET, QUERY, "x").await, 401);
    let json = [("content-type", "application/json")];
    let body = format!("{{\"token\":\"{write}\"}}");
    let session = fixture
        .send(request(Method::POST, "/api/v1/session", &json, body))
        .await;
    assert_eq!(
        (session.status.as_u16(), session.header("set-cookie")),
        (401, None)
    );
}

#[test]
fn tokens_of_others_are_long_enough() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("token");
    let open = || {
        let files = TokenFiles {
            full: Some(path.clone()),
            write: None,
        };
        Identity::open("0.0.0.0".parse().unwrap(), dir.path(), &files)
    };
    assert!(matches!(open().unwrap_err(), IdentityError::File { .. }));
    for weak in ["", "short", &format!("{} {}", "a".repeat(32), "b")] {
        std::fs::write(&path, weak).unwrap();
        assert!(
            matches!(open().unwrap_err(), IdentityError::Weak { .. }),
            "{weak}"
        );
    }
    std::fs::write(&path, format!("  {}\n", "a".repeat(32))).unwrap();
    let (identity, shown) = open().unwrap();
    assert!(identity.needs_token() && shown.is_none());
    assert!(!dir.path().join("identity").exists());
}

#[test]
fn sessions_end_with_the_token_that_opened_them() {
    let dir = TempDir::new().unwrap();
    let token = |name: &str, of: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, of.repeat(32)).unwrap();
        Some(path)
    };
    let files = TokenFiles {
        full: token("full", "a"),
        write: token("write", "w"),
    };
    let (identity, _) = Identity::open("0.0.0.0".parse().unwrap(), dir.path(), &files).unwrap();
    let asker = Asker {
        address: "10.0.0.1".parse().unwrap(),
        now: 0,
    };
    let id = identity.sign_in(&"a".repeat(32), asker).unwrap().unwrap();
    let admitted = || {
        let cookie = format!("{SESSION_COOKIE}={}", id.as_str());
        let request = Request::builder().header(COOKIE, cookie).uri("/api/v1/query");
        let request = request.body(axum::body::Body::empty()).unwrap();
        identity.admit(&request, Access::PROTECTED, asker).is_ok()
    };
    assert!(!identity.renew().unwrap() && admitted());

    token("write", "v");
    assert!(identity.renew().unwrap() && admitted());
    std::fs::remove_file(dir.path().join("full")).unwrap();
    assert!(matches!(identity.renew(), Err(IdentityError::File { .. })) && admitted());
    token("full", "b");
    assert!(identity.renew().unwrap() && !admitted());
    assert!(identity.sign_in(&"a".repeat(32), asker).is_err());
    assert!(identity.sign_in(&"b".repeat(32), asker).is_ok());
}
