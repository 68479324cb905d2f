//! The engine beside the real Prometheus: the same bytes written to both, the same queries asked of both.
//!
//! Answers are compared by what they mean: labels, times, values within a relative tolerance of 1e-9, the kind of
//! an error, whether there are warnings and infos. Anything else is a difference; it is printed with its seed and
//! the smallest query that shows it. `SEED` and `COUNT` choose other queries, or more of them.

mod compare;
mod compliance;
mod data;
mod faults;
mod grammar;
mod requests;

use std::process::Command;

use anyhow::Context as _;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use tempfile::TempDir;
use testkit::{Client, Peer, Periplus, Up, free_port, peer_path};

use compare::{Answer, difference};
use data::{SPAN, START};
use faults::{is_known_fault, with_mean_of_one};
use grammar::{Grammar, Query, Type};

/// Queries asked of one set of data.
const PER_DATA: usize = 1500;

/// Ours and theirs, with the folders they keep their data in.
struct Pair {
    ours: Periplus,
    theirs: Peer,
    _folders: [TempDir; 2],
}

impl Pair {
    fn start() -> anyhow::Result<Self> {
        let folders = [tempfile::tempdir()?, tempfile::tempdir()?];
        let theirs = start_prometheus(&folders[1])?;
        let ours = Periplus::up(&Up {
            data: folders[0].path(),
            arguments: &["--interval", "10m", "--retention", "36500d"],
        })?;
        Ok(Self {
            ours,
            theirs,
            _folders: folders,
        })
    }

    /// Asks both; returns what differs, and whether the answer said something.
    fn ask(&self, query: &str, when: &When, sorted: bool) -> anyhow::Result<(Option<String>, bool)> {
        let ours = when.ask(&self.ours.client, query)?;
        let theirs = when.ask(&self.theirs.client, query)?;
        let differs =
            |ours: &Answer| difference(ours, &theirs, sorted).filter(|found| !is_known_fault(query, found));
        let mut found = differs(&ours);
        if found.is_some()
            && let Some(query) = with_mean_of_one(query)
            && differs(&when.ask(&self.ours.client, &query)?).is_none()
        {
            found = None;
        }
        Ok((found, theirs.says_something()))
    }

    /// Returns the smallest query that shows a difference, with the difference.
    fn minimise(&self, query: &Query, when: &When) -> anyhow::Result<(String, String)> {
        let mut smallest = query.clone();
        let (mut found, _) = self.ask(&smallest.to_text(), when, smallest.is_sorted())?;
        'smaller: loop {
            for candidate in smallest.smaller() {
                if candidate.returns == Type::Matrix && matches!(when, When::Range { .. }) {
                    continue;
                }
                let (difference, _) = self.ask(&candidate.to_text(), when, candidate.is_sorted())?;
                if difference.is_some() {
                    smallest = candidate;
                    found = difference;
                    continue 'smaller;
                }
            }
            return Ok((smallest.to_text(), found.unwrap_or_default()));
        }
    }
}

fn start_prometheus(folder: &TempDir) -> anyhow::Result<Peer> {
    let port = free_port()?;
    let config = folder.path().join("prometheus.yml");
    std::fs::write(&config, "global:\n  scrape_interval: 1h\n")?;
    let mut command = Command::new(peer_path("prometheus")?);
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            folder.path().join("data").display()
        ))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .args([
            "--web.enable-remote-write-receiver",
            "--storage.tsdb.retention.time=100y",
        ])
        .arg("--log.level=error");
    Peer::start(command, port, "/-/ready")
}

/// When a query is evaluated, in milliseconds.
#[derive(Clone, Debug)]
enum When {
    Instant(i64),
    Range { start: i64, end: i64, step: i64 },
}

impl When {
    fn random(random: &mut SmallRng, query: &Query) -> Self {
        // Also a little before the first and after the last sample.
        let time = |random: &mut SmallRng| START + random.random_range(-600_000..SPAN + 600_000);
        // Before 3.11 Prometheus does not say that sorting has no effect over a range.
        let is_instant = query.returns == Type::Matrix || query.is_sorted();
        if is_instant || random.random_bool(0.4) {
            return Self::Instant(time(random));
        }
        let steps = [
            15_000, 60_000, 37_000, 1_001, 300_000, 7_500, 1, 13, 999_983, 86_400_000,
        ];
        let step = steps[random.random_range(0..steps.len())];
        let start = time(random);
        let end = start + step * random.random_range(0..25) + random.random_range(0..step);
        Self::Range { start, end, step }
    }

    fn ask(&self, client: &Client, query: &str) -> anyhow::Result<Answer> {
        let seconds = |ms: i64| format!("{}.{:03}", ms / 1000, ms % 1000);
        let (path, form) = match self {
            Self::Instant(t) => ("/api/v1/query", vec![("time", seconds(*t))]),
            Self::Range { start, end, step } => (
                "/api/v1/query_range",
                vec![
                    ("start", seconds(*start)),
                    ("end", seconds(*end)),
                    ("step", format!("{step}ms")),
                ],
            ),
        };
        let mut body = format!("query={}", encoded(query));
        for (name, value) in form {
            body.push_str(&format!("&{name}={value}"));
        }
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let answer = client.post(path, &headers, body.as_bytes())?;
        Answer::parse(&answer.body)
            .with_context(|| format!("{} answered {:.300}", client.base(), answer.body))
    }
}

/// Encodes a value of a form.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn random_queries_are_answered_as_prometheus_answers_them() -> anyhow::Result<()> {
    let first_seed = from_environment("SEED").unwrap_or(1);
    let count = from_environment("COUNT").unwrap_or(3000) as usize;
    let mut differences = Vec::new();
    let (mut asked, mut spoke) = (0, 0);
    let mut seed = first_seed;
    while asked < count {
        let pair = Pair::start()?;
        let mut random = SmallRng::seed_from_u64(seed);
        let samples = data::load(&mut random, &[&pair.ours.client, &pair.theirs.client])
            .context("failed to load the data")?;
        println!("SEED={seed}: {samples} samples");
        for number in 0..PER_DATA.min(count - asked) {
            let query = Grammar { random: &mut random }.query();
            let when = When::random(&mut random, &query);
            let (difference, says_something) = pair.ask(&query.to_text(), &when, query.is_sorted())?;
            asked += 1;
            spoke += usize::from(says_something);
            if difference.is_some() {
                let (smallest, what) = pair.minimise(&query, &when)?;
                println!("SEED={seed}, query {number}, {when:?}:\n  {smallest}\n  {what}");
                differences.push(smallest);
            }
        }
        seed += 1;
    }
    println!(
        "{asked} queries, {spoke} with a result, {} differences",
        differences.len()
    );
    assert!(
        spoke * 3 > asked,
        "too few queries had a result to mean anything: {spoke} of {asked}"
    );
    assert!(
        differences.is_empty(),
        "{} of {asked} queries differ: {differences:#?}",
        differences.len()
    );
    Ok(())
}
