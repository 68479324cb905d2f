//! Monitors and what they come to, as tables: `tests/cases/NAME.json` holds objects, `NAME.txt` their jobs.
//! `UPDATE_EXPECT=1` rewrites the latter.

mod cover;
mod keys;

use std::fmt::Write as _;
use std::path::Path;

use expect_test::expect_file;
use scrape::Config;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tls::Secret;

use super::book::{Monitor, MonitorKind};
use super::keys::{Holder, Keys, Missing, Reference};
use super::{Caller, Made, make};
use crate::discovery::credentials::Credentials;

const SECRET: &str = "what-nobody-may-see";

#[derive(Deserialize)]
struct Case {
    kind: String,
    metadata: Value,
    spec: Value,
}

impl Case {
    fn monitor(self) -> Monitor {
        let text = |key: &str| self.metadata[key].as_str().unwrap_or("shop").to_owned();
        let mut kinds = MonitorKind::ALL.into_iter();
        Monitor {
            kind: kinds
                .find(|kind| kind.as_str() == self.kind)
                .expect("the kind is one of the four"),
            namespace: text("namespace"),
            name: text("name"),
            spec: self.spec,
        }
    }
}

/// Credentials as a kubeconfig has them.
pub(super) fn credentials() -> Credentials {
    let mut tls = Map::new();
    tls.insert("ca".to_owned(), json!("the cluster's authority"));
    tls.insert("cert".to_owned(), json!("our certificate"));
    tls.insert("key".to_owned(), json!("our-key"));
    Credentials {
        tls,
        authorization: Some(json!({"credentials": "our-token"})),
    }
}

/// Makes the jobs of an object; of the secrets, `forbidden` may not be read, `absent` is not there, all others are.
pub(super) fn made(monitor: &Monitor) -> Made {
    let credentials = credentials();
    let caller = Caller {
        cluster: "eu",
        credentials: &credentials,
        credentials_for: &["monitoring".to_owned()],
    };
    let mut keys = Keys::default();
    drop(make(monitor, caller, &mut keys));
    let read = keys.unread().into_iter().map(|reference| {
        let found = match reference.name.as_str() {
            "forbidden" => Err(Missing::Failed("may not be read: said the server".to_owned())),
            "absent" => Err(Missing::Absent("is not there".to_owned())),
            // Certificates are everybody's.
            name if reference.key.ends_with(".crt") => {
                Ok(Secret::new(format!("PEM-{name}-{}", reference.key)))
            }
            name => Ok(Secret::new(format!("{SECRET}-{name}-{}", reference.key))),
        };
        (reference, found)
    });
    let read = read.collect();
    keys.learn(read);
    make(monitor, caller, &mut keys)
}

fn check(cases: &str) -> String {
    let cases: Vec<Case> = serde_json::from_str(cases).expect("the cases are JSON");
    let config = Config::parse("", Path::new("/")).expect("nothing is no mistake");
    let mut out = String::new();
    for case in cases {
        let monitor = case.monitor();
        let Made { jobs, problems } = made(&monitor);
        writeln!(out, "{monitor}").expect("a text takes everything");
        for problem in problems {
            writeln!(out, "  problem: {problem}").expect("a text takes everything");
        }
        for offered in jobs {
            match config.make_job(&offered) {
                Ok(job) => assert!(!job.printed.contains(SECRET), "{}", job.printed),
                Err(error) => writeln!(out, "  refused: {error}").expect("a text takes everything"),
            }
            let job: Value = serde_json::from_str(offered.text.reveal()).expect("a job is JSON");
            print(&job, &mut out);
        }
        out.push('\n');
    }
    out
}

fn print(job: &Value, out: &mut String) {
    for (key, value) in job.as_object().expect("a job is an object") {
        match value.as_array().filter(|_| key.ends_with("_configs")) {
            Some(list) => {
                writeln!(out, "  {key}:").expect("a text takes everything");
                for one in list {
                    writeln!(out, "    {one}").expect("a text takes everything");
                }
            }
            None => writeln!(out, "  {key}: {value}").expect("a text takes everything"),
        }
    }
}

#[test]
fn service_monitors() {
    expect_file!["tests/cases/service.txt"].assert_eq(&check(include_str!("tests/cases/service.json")));
}

#[test]
fn pod_monitors() {
    expect_file!["tests/cases/pod.txt"].assert_eq(&check(include_str!("tests/cases/pod.json")));
}

#[test]
fn probes() {
    expect_file!["tests/cases/probe.txt"].assert_eq(&check(include_str!("tests/cases/probe.json")));
}

#[test]
fn scrape_configs() {
    expect_file!["tests/cases/scrape.txt"].assert_eq(&check(include_str!("tests/cases/scrape.json")));
}

#[test]
fn what_cannot_be_authorised_is_found_and_not_asked() {
    let monitor = Monitor {
        kind: MonitorKind::PodMonitor,
        namespace: "shop".to_owned(),
        name: "cart".to_owned(),
        spec: json!({"selector": {}, "podMetricsEndpoints": [
            {"bearerTokenSecret": {"name": "forbidden", "key": "token"}},
            {"bearerTokenSecret": {"name": "absent", "key": "token", "optional": true}},
            {"bearerTokenSecret": {"name": "", "key": ""}},
        ]}),
    };
    let Made { jobs, problems } = made(&monitor);
    let hindrances: Vec<_> = jobs.iter().map(|job| job.hindrance.as_deref()).collect();
    let forbidden = "spec.podMetricsEndpoints[0].bearerTokenSecret: key \"token\" of secret shop/forbidden may not be \
                     read: said the server";
    assert_eq!(hindrances, [Some(forbidden), None, None]);
    assert_eq!(problems, [forbidden]);
}

#[test]
fn what_is_not_asked_of_any_more_is_forgotten() {
    let reference = |name: &str| Reference {
        holder: Holder::Secret,
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        key: "token".to_owned(),
    };
    let mut keys = Keys::default();
    let names = ["a", "b"].map(reference);
    for name in &names {
        assert_eq!(keys.find(name), Err(Missing::Unread));
    }
    assert_eq!(keys.unread().len(), 2);
    keys.learn(
        names
            .iter()
            .map(|name| (name.clone(), Ok(Secret::new("x"))))
            .collect(),
    );
    keys.begin();
    assert!(keys.find(&names[0]).is_ok());
    assert!(keys.unread().is_empty());
    keys.begin();
    assert_eq!(keys.find(&names[1]), Err(Missing::Unread), "it was not held");

    // A server that does not answer takes nothing away.
    keys.learn(vec![(names[0].clone(), Err(Missing::Failed("down".to_owned())))]);
    assert!(keys.find(&names[0]).is_ok());
    keys.learn(vec![(names[0].clone(), Err(Missing::Absent("gone".to_owned())))]);
    assert_eq!(keys.find(&names[0]), Err(Missing::Absent("gone".to_owned())));
}
