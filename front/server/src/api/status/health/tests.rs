use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::Method;

use crate::fixture::{Fixture, LOOPBACK, request};
use crate::sources::Lifecycle;

#[derive(Default)]
struct Ordered {
    reloads: AtomicUsize,
    quits: AtomicUsize,
}

impl Lifecycle for Ordered {
    fn reload(&self) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
        let reloaded = match self.reloads.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(()),
            _ => Err("line 3: unknown key `jobs`".to_owned()),
        };
        Box::pin(std::future::ready(reloaded))
    }

    fn quit(&self) {
        self.quits.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn orders_are_taken_by_the_right_methods_if_they_are_enabled() {
    let ordered = Arc::new(Ordered::default());
    let fixture = Fixture::new(LOOPBACK, |_, sources| {
        sources.lifecycle = Some(Arc::clone(&ordered) as _)
    });
    let send = async |method: Method, path: &str| {
        let answer = fixture.send(request(method, path, &[], "")).await;
        (answer.status.as_u16(), answer.text)
    };
    let wrong = (405, "Only POST or PUT requests allowed\n".to_owned());
    assert_eq!(send(Method::GET, "/-/reload").await, wrong);
    assert_eq!(send(Method::GET, "/-/quit").await, wrong);
    assert_eq!(send(Method::PUT, "/-/reload").await, (200, String::new()));
    let failed = "failed to reload config: line 3: unknown key `jobs`\n".to_owned();
    assert_eq!(send(Method::POST, "/-/reload").await, (500, failed));
    assert_eq!(send(Method::POST, "/-/quit").await.0, 200);
    assert_eq!(ordered.quits.load(Ordering::SeqCst), 1);
    let disabled = Fixture::loopback();
    let answer = disabled.send(request(Method::POST, "/-/quit", &[], "")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.text.as_str()),
        (403, "Lifecycle API is not enabled.\n")
    );
}
