use std::sync::Arc;

use axum::http::Method;
use futures_util::StreamExt as _;

use crate::fixture::{Fixture, LOOPBACK, request};

/// The events of an open stream, one piece at a time.
async fn open(fixture: &Fixture) -> impl AsyncFnMut() -> Option<String> {
    let response = fixture
        .respond(request(Method::GET, "/api/v1/live", &[], ""))
        .await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut pieces = response.into_body().into_data_stream();
    async move || Some(String::from_utf8(pieces.next().await?.unwrap().to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn tells_ticks_and_degradations_and_that_it_lives() {
    let fixture = Fixture::loopback();
    let mut next = open(&fixture).await;
    assert_eq!(next().await.unwrap(), "retry: 2000\n\n");
    fixture.collection.ticks.send_replace(5000);
    let first = "event: collected\ndata: {\"t\":5000}\n\nevent: status\ndata: {\"degraded\":1}\n\n";
    assert_eq!(next().await.unwrap(), first);
    fixture.collection.ticks.send_replace(10_000);
    assert_eq!(next().await.unwrap(), "event: collected\ndata: {\"t\":10000}\n\n");
    fixture.collection.status.lock().ingest.error = "disk full".to_owned();
    // Nothing ticks: time moves on by itself until the keep-alive is due.
    assert_eq!(next().await.unwrap(), "event: status\ndata: {\"degraded\":2}\n\n");
    assert_eq!(next().await.unwrap(), ":\n\n");
    fixture.app.stop.cancel();
    assert_eq!(next().await, None);
}

#[tokio::test]
async fn bounds_the_number_of_streams() {
    let fixture = Fixture::new(LOOPBACK, |config, _| config.connections.max_streams = 1);
    let first = open(&fixture).await;
    let second = fixture.get("/api/v1/live").await;
    assert_eq!(
        (second.status.as_u16(), second.header("retry-after")),
        (503, Some("30"))
    );
    drop(first);
    let third = open(&fixture).await;
    assert_eq!(Arc::clone(&fixture.app.streams).available_permits(), 0);
    drop(third);
}
