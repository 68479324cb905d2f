use super::*;

fn get(path: &str, headers: &[(&str, &str)]) -> Response {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(
            axum::http::HeaderName::try_from(*name).unwrap(),
            value.parse().unwrap(),
        );
    }
    answer(&Method::GET, path, &map)
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn knows_when_gzip_is_accepted() {
    let accepts = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, value.parse().unwrap());
        accepts_gzip(&headers)
    };
    assert!(accepts("gzip") && accepts("br, gzip;q=0.5") && accepts("deflate,gzip"));
    assert!(!accepts("br") && !accepts("gzip;q=0") && !accepts("") && !accepts("x-gzip"));
    assert!(!accepts_gzip(&HeaderMap::new()));
}

#[test]
fn unknown_paths_get_the_page_and_unknown_endpoints_do_not() {
    for path in ["/", "/machines/a", "/index.html"] {
        let page = get(path, &[]);
        assert_eq!(page.status(), 200, "{path}");
        assert_eq!(
            header(&page, "content-type"),
            Some("text/html; charset=utf-8"),
            "{path}"
        );
        assert_eq!(header(&page, "cache-control"), Some("no-cache"), "{path}");
    }
    for path in ["/api/v2/x", "/-/reload"] {
        let answer = get(path, &[]);
        assert_eq!(
            (answer.status().as_u16(), header(&answer, "content-type")),
            (404, Some("application/json"))
        );
    }
    assert_eq!(get("/assets/gone-12345678.js", &[]).status(), 404);
    let post = answer(&Method::POST, "/", &HeaderMap::new());
    assert_eq!(
        (post.status().as_u16(), header(&post, "allow")),
        (405, Some("GET, HEAD"))
    );
}

/// What is promised of files, shown on whatever files are built in; without any, the placeholder is all there is.
#[tokio::test]
async fn files_carry_their_tag_and_their_caching() {
    let plain = get("/", &[]);
    let Some(tag) = header(&plain, "etag").map(str::to_owned) else {
        let body = axum::body::to_bytes(plain.into_body(), 4096).await.unwrap();
        assert_eq!(body, PLACEHOLDER);
        return;
    };
    let known = get("/", &[("if-none-match", &format!("\"other\", {tag}"))]);
    assert_eq!(known.status(), 304);
    assert!(
        axum::body::to_bytes(known.into_body(), 1)
            .await
            .unwrap()
            .is_empty()
    );
    let compressed = get("/", &[("accept-encoding", "gzip")]);
    assert_eq!(header(&compressed, "content-encoding"), Some("gzip"));
    assert_ne!(header(&compressed, "etag"), Some(tag.as_str()));
    let html = axum::body::to_bytes(plain.into_body(), 1 << 20).await.unwrap();
    let html = String::from_utf8(html.to_vec()).unwrap();
    let asset = html.split('"').find(|part| part.starts_with("/assets/")).unwrap();
    let asset = get(asset, &[]);
    assert_eq!(
        header(&asset, "cache-control"),
        Some("public, max-age=31536000, immutable")
    );
}
