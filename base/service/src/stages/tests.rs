use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use expect_test::expect;

use super::{Stage, Stages};

const DEADLINE: Duration = Duration::from_secs(10);

fn done() -> std::future::Ready<Result<(), Infallible>> {
    std::future::ready(Ok(()))
}

#[tokio::test(start_paused = true)]
async fn all_well() {
    let mut stages = Stages::begin(DEADLINE);
    stages.run(Stage::Refuse, "requests", done()).await;
    stages.run(Stage::Drain, "agent", done()).await;
    stages.run(Stage::Drain, "requests", done()).await;
    stages.run(Stage::Flush, "log", done()).await;
    let stopped = stages.finish();
    assert!(stopped.unfinished.is_empty());
    assert_eq!(stopped.took, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_stage_that_hangs_leaves_time_for_the_next() {
    let mut stages = Stages::begin(DEADLINE);
    stages
        .run(Stage::Drain, "requests", pending::<Result<(), Infallible>>())
        .await;
    assert_eq!(stages.remaining(Stage::Drain), Duration::ZERO);
    assert_eq!(stages.remaining(Stage::Flush), Duration::from_secs(4));
    stages.run(Stage::Flush, "log", done()).await;
    let stopped = stages.finish();
    assert_eq!(stopped.took, Duration::from_secs(5));
    assert_eq!(stopped.unfinished.len(), 1);
    expect!["failed to drain requests: not done within its share of 10s"]
        .assert_eq(&stopped.unfinished[0].to_string());
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_remembered_and_the_stop_goes_on() {
    let mut stages = Stages::begin(DEADLINE);
    stages
        .run(Stage::Flush, "log", std::future::ready(Err("disk full")))
        .await;
    stages.run(Stage::Close, "lock", done()).await;
    let stopped = stages.finish();
    expect!["failed to flush log: disk full"].assert_eq(&stopped.unfinished[0].to_string());
}
