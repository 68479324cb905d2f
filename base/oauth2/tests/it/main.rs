//! Tokens from a real server on the loopback.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test's server runs a task of its own; what it cannot set up fails the test"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2::{OAuth2Error, OAuth2Settings, TokenSource};
use rustls::SignatureScheme;
use rustls::crypto::ring::default_provider;
use serde_json::json;

/// What a server of tokens is like.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// It knows the header.
    Header,
    /// It knows the form only.
    Form,
    /// It takes assertions, and leaves looking at them to the test.
    Assertion,
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
        Kind::Assertion => form.contains("assertion=") && !headers.contains_key("authorization"),
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

/// Returns what an assertion says, `[header, claims]`, and that the key of the tests has signed it.
fn open(assertion: &str, scheme: SignatureScheme) -> ([serde_json::Value; 2], bool) {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let algorithms = default_provider().signature_verification_algorithms;
    let (_, fitting) = algorithms
        .mapping
        .iter()
        .find(|(known, _)| *known == scheme)
        .unwrap();
    let is_signed = fitting[0].verify_signature(
        include_bytes!("../data/key.der"),
        signed.as_bytes(),
        &decode(signature),
    );
    let json = |text| serde_json::from_slice(&decode(text)).unwrap();
    ([json(header), json(claims)], is_signed.is_ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_assertion_is_sent() {
    let server = server(Kind::Assertion).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key.pem"), include_str!("../data/key.pem")).unwrap();
    let ask = async |more: &str, scheme| {
        let more = format!(
            "grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', client_certificate_key_file: key.pem, {more}"
        );
        let source = source(&server, &more, folder.path());
        source.authorization().await.unwrap();
        let form = server.world.last_form.lock().clone();
        let mut fields: BTreeMap<String, String> = url::form_urlencoded::parse(form.as_bytes())
            .into_owned()
            .collect();
        let assertion = fields.remove("assertion").unwrap();
        let (said, is_signed) = open(&assertion, scheme);
        assert!(is_signed);
        (fields, said)
    };
    let (fields, [header, mut claims]) = ask("scopes: []", SignatureScheme::RSA_PKCS1_SHA256).await;
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned();
    assert_eq!(fields, BTreeMap::from([("grant_type".to_owned(), grant)]));
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT"}));
    let mut take = |name: &str| claims.as_object_mut().unwrap().remove(name).unwrap();
    let (id, issued, end) = (take("jti"), take("iat"), take("exp"));
    assert_eq!(id.as_str().unwrap().len(), 32);
    assert_eq!(end.as_u64().unwrap() - issued.as_u64().unwrap(), 600);
    assert_eq!(claims, json!({"iss": "me", "sub": "me", "aud": server.url}));

    let more = "scopes: [A, B], client_certificate_key_id: k1, signature_algorithm: RS512, iss: 'https://a.test', \
                audience: b, claims: {integer: 1, sub: other}, endpoint_params: {grant_type: own}";
    let (fields, [header, claims]) = ask(more, SignatureScheme::RSA_PKCS1_SHA512).await;
    assert_eq!(fields["scope"], "A B");
    assert_eq!(fields["grant_type"], "own");
    assert_eq!(header, json!({"alg": "RS512", "typ": "JWT", "kid": "k1"}));
    for (name, value) in [
        ("iss", json!("https://a.test")),
        ("aud", json!("b")),
        ("scope", json!("A B")),
        ("integer", json!(1)),
        ("sub", json!("other")),
    ] {
        assert_eq!(claims[name], value);
    }
    assert_ne!(claims["jti"], id);

    // A key that is none is said to be none, and not shown.
    std::fs::write(folder.path().join("key.pem"), "hidden").unwrap();
    let more =
        "grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', client_certificate_key_file: key.pem";
    let error = source(&server, more, folder.path())
        .authorization()
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "client_certificate_key of oauth2 cannot sign: it is no private key in PEM without a passphrase"
    );
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
