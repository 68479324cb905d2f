//! Tokens from a real server on the loopback.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test's server runs a task of its own; what it cannot set up fails the test"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use oauth2::{OAuth2Error, OAuth2Settings, TokenSource};

/// What a server of tokens is like.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// It knows the header.
    Header,
    /// It knows the form only.
    Form,
    /// Its tokens end at once.
    Hasty,
    /// It grants nothing.
    Refusing,
    /// Its answer does not end.
    Endless,
}

struct World {
    kind: Kind,
    n_requests: AtomicUsize,
    last_form: parking_lot::Mutex<String>,
}

struct Server {
    url: String,
    world: Arc<World>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn token(State(world): State<Arc<World>>, headers: HeaderMap, form: String) -> Response {
    let n = world.n_requests.fetch_add(1, Ordering::Relaxed) + 1;
    let known = match world.kind {
        // "me:se cret", each encoded as in a form.
        Kind::Form => form.contains("client_id=me&client_secret=se+cret"),
        _ => headers
            .get("authorization")
            .is_some_and(|value| value == "Basic bWU6c2UrY3JldA=="),
    };
    *world.last_form.lock() = form;
    if !known || world.kind == Kind::Refusing {
        return (StatusCode::UNAUTHORIZED, "{\"error\":\"invalid_client\"}").into_response();
    }
    if world.kind == Kind::Endless {
        return vec![b' '; 2 << 20].into_response();
    }
    let seconds = if world.kind == Kind::Hasty { 5 } else { 3600 };
    let answer =
        serde_json::json!({"access_token": format!("t{n}"), "token_type": "bearer", "expires_in": seconds});
    ([("content-type", "application/json")], answer.to_string()).into_response()
}

async fn server(kind: Kind) -> Server {
    let world = Arc::new(World {
        kind,
        n_requests: AtomicUsize::new(0),
        last_form: parking_lot::Mutex::default(),
    });
    let app = Router::new()
        .route("/token", post(token))
        .with_state(Arc::clone(&world));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    Server { url, world, task }
}

fn source(server: &Server, more: &str, folder: &std::path::Path) -> TokenSource {
    let yaml = format!("{{client_id: me, token_url: '{}', {more}}}", server.url);
    let settings: OAuth2Settings = serde_saphyr::from_str(&yaml).unwrap();
    let mut mistakes = Vec::new();
    let config = settings.check(folder, &mut mistakes);
    assert_eq!(mistakes, Vec::<String>::new());
    TokenSource::new(config.unwrap()).unwrap()
}

async fn inline(server: &Server) -> Result<String, OAuth2Error> {
    let source = source(server, "client_secret: 'se cret'", std::path::Path::new("/"));
    let value = source.authorization().await?;
    Ok(value.to_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_serves_many_requests() {
    let server = server(Kind::Header).await;
    let params =
        "client_secret: 'se cret', scopes: [a, 'b'], endpoint_params: {audience: 'x y', grant_type: own}";
    let source = Arc::new(source(&server, params, std::path::Path::new("/")));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let source = Arc::clone(&source);
        tasks.spawn(async move { source.authorization().await.unwrap() });
    }
    while let Some(value) = tasks.join_next().await {
        let value = value.unwrap();
        assert_eq!(value, "Bearer t1");
        assert!(value.is_sensitive());
    }
    assert_eq!(server.world.n_requests.load(Ordering::Relaxed), 1);
    assert_eq!(
        *server.world.last_form.lock(),
        "scope=a+b&audience=x+y&grant_type=own"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_is_asked_for_again() {
    let server = server(Kind::Hasty).await;
    let source = source(&server, "client_secret: 'se cret'", std::path::Path::new("/"));
    for expected in ["Bearer t1", "Bearer t2"] {
        assert_eq!(source.authorization().await.unwrap(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_changes_is_used_at_once() {
    let server = server(Kind::Header).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let source = source(&server, "client_secret_file: secret", folder.path());
    assert!(matches!(
        source.authorization().await,
        Err(OAuth2Error::Secret(_))
    ));
    std::fs::write(&file, "wrong\n").unwrap();
    assert!(matches!(
        source.authorization().await,
        Err(OAuth2Error::Refused { .. })
    ));
    std::fs::write(&file, "se cret\n").unwrap();
    let first = source.authorization().await.unwrap();
    assert_eq!(source.authorization().await.unwrap(), first);
    std::fs::write(&file, "wrong again").unwrap();
    assert!(
        source.authorization().await.is_err(),
        "the token is that of another secret"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_knows_the_form_only_is_found_out_once() {
    let server = server(Kind::Form).await;
    let source = source(&server, "client_secret: 'se cret'", std::path::Path::new("/"));
    assert_eq!(source.authorization().await.unwrap(), "Bearer t2");
    assert_eq!(server.world.n_requests.load(Ordering::Relaxed), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_said_without_secrets() {
    for (kind, expected) in [
        (
            Kind::Refusing,
            "token_url answered with HTTP status 401 Unauthorized: \"{\\\"error\\\":\\\"invalid_client\\\"}\"",
        ),
        (
            Kind::Endless,
            "the answer of token_url is larger than 1048576 bytes",
        ),
    ] {
        let server = server(kind).await;
        assert_eq!(inline(&server).await.unwrap_err().to_string(), expected);
    }
    let gone = server(Kind::Header).await;
    gone.task.abort();
    while tokio::net::TcpStream::connect(gone.url.trim_start_matches("http://").trim_end_matches("/token"))
        .await
        .is_ok()
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        inline(&gone).await.unwrap_err().to_string(),
        "failed to fetch a token from token_url"
    );
}
