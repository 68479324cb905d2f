use axum::http::Method;
use serde_json::Value;

use super::*;
use crate::fixture::{Fixture, request};

#[tokio::test]
async fn the_description_is_openapi_and_names_every_endpoint() {
    let fixture = Fixture::loopback();
    let answer = fixture.get("/api/v1/openapi.yaml").await;
    assert_eq!(
        answer.header("content-type"),
        Some("application/yaml; charset=utf-8")
    );
    let document: Value = serde_saphyr::from_str(&answer.text).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let query = &document["paths"]["/api/v1/query"];
    assert_eq!(query["get"]["parameters"][0]["name"], "query");
    let form = &query["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"];
    assert_eq!(form["schema"]["properties"]["query"]["type"], "string");
    assert_eq!(document["paths"].as_object().unwrap().len(), ENDPOINTS.len());
}

/// The router is not asked for its routes, which it does not tell, but whether it knows those of the table; that
/// the table knows all of the router's shows in the source of the router.
#[tokio::test]
async fn table_and_router_agree() {
    let fixture = Fixture::loopback();
    for endpoint in ENDPOINTS {
        let path = endpoint
            .path
            .replace("{name}", "job")
            .replace("{cluster}", "shop");
        for method in endpoint.methods {
            let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap();
            let response = fixture.respond(request(method.clone(), &path, &[], "")).await;
            let status = response.status().as_u16();
            assert!(!matches!(status, 404 | 405), "{method} {path}: {status}");
        }
    }
    let source = concat!(include_str!("../../../app.rs"), include_str!("../../lake.rs"));
    let prefixes = [("{search}", "/api/v1/search"), ("{admin}", "/api/v1/admin/tsdb")];
    let known = |path: &str| ENDPOINTS.iter().any(|endpoint| endpoint.path == path);
    let quoted = source.split('"').skip(1).step_by(2);
    let mut n = 0;
    let is_path =
        |text: &&str| text.starts_with("/api/v1/") || prefixes.iter().any(|(from, _)| text.starts_with(from));
    for text in quoted.filter(is_path) {
        let path = prefixes
            .iter()
            .fold(text.to_owned(), |path, (from, to)| path.replace(from, to));
        let is_prefix = prefixes.iter().any(|(_, prefix)| path == *prefix);
        assert!(is_prefix || known(&path), "{path} is not in the table");
        n += 1;
    }
    assert!(
        n >= ENDPOINTS.len() - 6,
        "only {n} routes were found in the source"
    );
}
