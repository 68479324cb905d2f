use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use tokio_util::sync::CancellationToken;

use super::Signals;

const PATIENCE: Duration = Duration::from_secs(20);

/// Both halves in one test: signals go to the whole process, so two such tests would hear each other.
#[tokio::test]
async fn first_signal_stops_and_second_ends() {
    let stop = CancellationToken::new();
    let code = Arc::new(AtomicI32::new(0));
    let signals = Signals::install().unwrap();
    let watch = signals.watch(stop.clone(), {
        let code = Arc::clone(&code);
        move |second| code.store(second.exit_code(), Ordering::Relaxed)
    });
    let sender = async {
        kill_process(getpid(), Signal::INT).unwrap();
        stop.cancelled().await;
        assert_eq!(code.load(Ordering::Relaxed), 0);
        kill_process(getpid(), Signal::TERM).unwrap();
    };
    tokio::time::timeout(PATIENCE, async { tokio::join!(watch, sender) })
        .await
        .unwrap();
    assert_eq!(code.load(Ordering::Relaxed), 143);
}
