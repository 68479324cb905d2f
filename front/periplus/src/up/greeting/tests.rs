use std::time::Duration;

use agent::{AgentStatus, CollectorState, CollectorStatus};
use expect_test::{Expect, expect};
use server::{Announcement, Degradation};

use super::Greeting;
use crate::screen::Paint;
use crate::up::config::testing::config;

fn collector(name: &'static str, job: &'static str, state: CollectorState, series: usize) -> CollectorStatus {
    CollectorStatus {
        name,
        job,
        source: "/proc",
        state,
        message: String::new(),
        hint: None,
        interval: Duration::from_secs(5),
        last_run: None,
        last_success: None,
        last_duration: Duration::ZERO,
        cpu_total: Duration::ZERO,
        cpu_last: Duration::ZERO,
        runs: 1,
        errors: 0,
        timeouts: 0,
        series,
        series_dropped: 0,
    }
}

fn announcement() -> Announcement {
    Announcement {
        url: "http://127.0.0.1:8420/".to_owned(),
        token_shown_once: None,
        certificate_sha256: None,
        notes: vec!["reachable from this machine only".to_owned()],
    }
}

fn check(greeting: &Greeting, status: &AgentStatus, expected: &Expect) {
    let text = greeting.address(Paint::PLAIN) + &greeting.collection(status, Paint::PLAIN);
    expected.assert_eq(&text);
}

#[test]
fn a_machine_that_has_everything() {
    let status = AgentStatus {
        collectors: vec![
            collector("cpu", "node-exporter", CollectorState::Ok, 40),
            collector("meminfo", "node-exporter", CollectorState::Ok, 50),
            collector("container", "cadvisor", CollectorState::Ok, 300),
            collector("interrupts", "node-exporter", CollectorState::Disabled, 0),
        ],
        ..AgentStatus::default()
    };
    let greeting = Greeting::new(
        config(&["--retention-size", "10GiB"]),
        announcement(),
        None,
        vec![],
    );
    check(
        &greeting,
        &status,
        &expect![[r#"
            periplus 0.1.0 watches node7

              page      http://127.0.0.1:8420/  (from this machine only)
              data      /var/lib/periplus, kept 15d, at most 10 GiB
              collects  every 5s: 390 series by 3 of 4 collectors
                        cadvisor: container
                        node-exporter: cpu meminfo
              off       interrupts (--enable turns one on)

            Ctrl-C stops it in order.
        "#]],
    );
}

#[test]
fn what_is_lacking_has_a_reason() {
    let mut collectors: Vec<CollectorStatus> = [
        "bcache",
        "bonding",
        "btrfs",
        "fibrechannel",
        "infiniband",
        "ipvs",
        "mdadm",
        "nfs",
        "nfsd",
        "tapestats",
    ]
    .iter()
    .map(|&name| collector(name, "node-exporter", CollectorState::Unavailable, 0))
    .collect();
    collectors.push(CollectorStatus {
        message: "no permission to read /sys/class/powercap".to_owned(),
        hint: Some("run as root"),
        ..collector("rapl", "node-exporter", CollectorState::Unavailable, 0)
    });
    collectors.push(CollectorStatus {
        message: "failed to read /proc/stat".to_owned(),
        ..collector("cpu", "node-exporter", CollectorState::Failing, 7)
    });
    collectors.push(collector(
        "filesystem",
        "node-exporter",
        CollectorState::Starting,
        0,
    ));
    let limits = vec![Degradation {
        what: "open files of other users' processes".to_owned(),
        why: "not running as root".to_owned(),
        hint: "run as root".to_owned(),
        since: 0,
    }];
    let greeting = Greeting::new(config(&[]), announcement(), None, limits);
    check(
        &greeting,
        &AgentStatus {
            collectors,
            ..AgentStatus::default()
        },
        &expect![[r#"
            periplus 0.1.0 watches node7

              page      http://127.0.0.1:8420/  (from this machine only)
              data      /var/lib/periplus, kept 15d
              collects  every 5s: 7 series by 1 of 13 collectors
                        node-exporter: cpu
              waits for filesystem
              lacks     open files of other users' processes: not running as root; run as root
                        rapl: no permission to read /sys/class/powercap; run as root
                        cpu: failed to read /proc/stat
              not here  bcache bonding btrfs fibrechannel infiniband ipvs mdadm nfs nfsd tapestats (this
                        machine has no such devices or features)

            Ctrl-C stops it in order.
        "#]],
    );
}

#[test]
fn beyond_loopback_token_and_fingerprint_are_shown() {
    let announcement = Announcement {
        url: "https://node7:8420/".to_owned(),
        token_shown_once: Some("pp_0123456789abcdef".to_owned()),
        certificate_sha256: Some(["AB"; 32].join(":")),
        notes: vec![],
    };
    let greeting = Greeting::new(
        config(&["--listen", "0.0.0.0:8420"]),
        announcement.clone(),
        None,
        vec![],
    );
    expect![[r#"
        periplus 0.1.0 watches node7

          page      https://node7:8420/
          token     pp_0123456789abcdef
                    shown only now: keep it to sign in, or as PERIPLUS_TOKEN for the command line
          identity  AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB
                    self-signed certificate, SHA-256: compare in the browser, or pass as --fingerprint
          data      /var/lib/periplus, kept 15d
    "#]].assert_eq(&greeting.address(Paint::PLAIN));
    let words = ["--listen", "0.0.0.0:8420", "--tls-cert", "a", "--tls-key", "b"];
    let rotated = Some("pp_new".to_owned());
    let own = Announcement {
        token_shown_once: None,
        ..announcement
    };
    let greeting = Greeting::new(config(&words), own, rotated, vec![]);
    expect![[r#"
        periplus 0.1.0 watches node7

          page      https://node7:8420/
          token     pp_new
                    shown only now: keep it to sign in, or as PERIPLUS_TOKEN for the command line
          identity  AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB
                    certificate, SHA-256
          data      /var/lib/periplus, kept 15d
    "#]].assert_eq(&greeting.address(Paint::PLAIN));
}
