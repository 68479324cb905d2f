//! A process that appends is killed at any moment: nothing acknowledged is lost, nothing is there twice.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use lake::events::Events;
use lake::{Lake, LakeConfig};
use model::EventLog as _;

use crate::support::{NOON, clock_at, counts, event, open, quiet, wait};

/// Where the process that is to be killed works; not set in the test itself.
const FOLDER: &str = "LAKE_CRASH_FOLDER";
const ROUNDS: u64 = 6;

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost_or_doubled() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        append_until_killed(std::path::Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "crash::killed_at_any_moment_nothing_acknowledged_is_lost_or_doubled",
                "--nocapture",
            ])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Each round is killed a little later in the course of files and merges.
        let until = 40 + round * 37;
        let mut seen = 0;
        while seen < until {
            let line = lines
                .next()
                .expect("the process goes on until it is killed")
                .unwrap();
            if let Some(number) = line.strip_prefix("acknowledged ") {
                acknowledged = acknowledged.max(number.parse().unwrap());
                seen += 1;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            if let Some(number) = line.strip_prefix("acknowledged ") {
                acknowledged = acknowledged.max(number.parse().unwrap());
            }
        }
        let lake = open(folder.path());
        let (all, distinct) = counts(&lake);
        assert_eq!(all, distinct, "round {round}: rows are there twice");
        assert!(
            all >= acknowledged,
            "round {round}: {acknowledged} acknowledged, {all} there"
        );
        // One append of ten may have been under way.
        assert!(
            all <= acknowledged + 10,
            "round {round}: {acknowledged} acknowledged, {all} there"
        );
        acknowledged = all;
        lake.close();
    }
}

/// Appends ten events at a time and says so, with files and merges all the while.
fn append_until_killed(folder: &std::path::Path) -> ! {
    let config = LakeConfig {
        upkeep_interval: Duration::from_millis(1),
        flush_age: Duration::ZERO,
        ..quiet(folder)
    };
    let lake = Arc::new(Lake::open(config, clock_at(NOON)).unwrap());
    let mut next = counts(&lake).0;
    let log = Events::new(lake);
    loop {
        wait(log.append((next..next + 10).map(event).collect())).unwrap();
        next += 10;
        println!("acknowledged {next}");
        std::io::stdout().flush().unwrap();
    }
}
