use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use expect_test::{Expect, expect};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{TaskError, Tasks};

fn check(error: &TaskError, expected: &Expect) {
    let source = std::error::Error::source(error).map_or_else(String::new, |source| format!(": {source}"));
    expected.assert_eq(&format!("{error}{source}"));
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

#[tokio::test(start_paused = true)]
async fn an_early_end_is_a_fault() {
    let mut tasks = Tasks::new(CancellationToken::new());
    tasks.start("idle", pending::<Result<(), Infallible>>());
    tasks.start("short", std::future::ready(Ok::<(), Infallible>(())));
    check(
        &tasks.watch().await.unwrap_err(),
        &expect!["task short ended before it was asked to"],
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_keeps_its_cause() {
    let mut tasks = Tasks::new(CancellationToken::new());
    tasks.start("sync", std::future::ready(Err("disk full")));
    check(
        &tasks.watch().await.unwrap_err(),
        &expect!["task sync failed: disk full"],
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_fault_with_its_text() {
    let mut tasks = Tasks::new(CancellationToken::new());
    tasks.start("fragile", async {
        if deadline() > Instant::now() {
            panic!("row {} is missing", 7);
        }
        Ok::<(), Infallible>(())
    });
    check(
        &tasks.watch().await.unwrap_err(),
        &expect!["task fragile panicked: row 7 is missing"],
    );
}

#[tokio::test(start_paused = true)]
async fn an_end_after_the_stop_is_well() {
    let stop = CancellationToken::new();
    let mut tasks = Tasks::new(stop.clone());
    tasks.start("patient", {
        let stop = stop.clone();
        async move {
            stop.cancelled().await;
            Ok::<(), Infallible>(())
        }
    });
    stop.cancel();
    tasks.watch().await.unwrap();
    assert!(tasks.join_until(deadline()).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_still_runs_at_the_deadline_is_named() {
    let stop = CancellationToken::new();
    let mut tasks = Tasks::new(stop.clone());
    tasks.start("deaf", pending::<Result<(), Infallible>>());
    stop.cancel();
    let errors = tasks.join_until(deadline()).await;
    assert_eq!(errors.len(), 1);
    check(&errors[0], &expect!["task deaf did not stop in time"]);
}

#[tokio::test(start_paused = true)]
async fn without_tasks_it_waits_for_the_stop() {
    let stop = CancellationToken::new();
    let mut tasks = Tasks::new(stop.clone());
    assert!(
        tokio::time::timeout(Duration::from_secs(60), tasks.watch())
            .await
            .is_err()
    );
    stop.cancel();
    tasks.watch().await.unwrap();
}
