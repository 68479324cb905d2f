//! The first words: where, what, what not and why, for how long, how to stop.

use std::collections::BTreeMap;

use agent::{AgentStatus, CollectorState, CollectorStatus};
use cluster::ClusterHandle;
use server::{Announcement, Degradation};

use super::config::{Scope, UpConfig};
use crate::screen::Paint;
use crate::units::{bytes, format_duration};

const INDENT: usize = 12;
const WIDTH: usize = 96;

/// What is said at the start.
pub(super) struct Greeting {
    config: UpConfig,
    announcement: Announcement,
    /// Made because the operator asked for it.
    rotated: Option<String>,
    limits: Vec<Degradation>,
    /// Names and sources of the clusters that are watched.
    clusters: Vec<String>,
}

impl Greeting {
    /// Takes what is known before the first collection.
    pub(super) fn new(
        config: UpConfig,
        announcement: Announcement,
        rotated: Option<String>,
        limits: Vec<Degradation>,
    ) -> Self {
        Self {
            config,
            announcement,
            rotated,
            limits,
            clusters: Vec::new(),
        }
    }

    /// Adds the clusters that are watched.
    pub(super) fn with_clusters(mut self, clusters: &[ClusterHandle]) -> Self {
        let named = clusters
            .iter()
            .map(|cluster| format!("{} ({})", cluster.name(), cluster.config().access));
        self.clusters = named.collect();
        self
    }

    /// Says where the page is and how to be let in. The token is shown here and nowhere else.
    pub(super) fn address(&self, paint: Paint) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let mut out = format!(
            "periplus {version} {}\n\n",
            match self.config.scope {
                Scope::Machine => format!("watches {}", paint.bold(&self.config.instance)),
                Scope::Edge => format!("on {}, as edge", paint.bold(&self.config.instance)),
                Scope::Node => format!("sends what {} does", paint.bold(&self.config.instance)),
            }
        );
        let is_local = self.config.listen.ip().is_loopback();
        let reach = if is_local {
            "  (from this machine only)"
        } else {
            ""
        };
        let (title, more) = match self.config.scope {
            Scope::Machine | Scope::Edge => ("page", ""),
            Scope::Node => ("health", " -/healthy, -/ready, metrics"),
        };
        item(
            &mut out,
            paint,
            title,
            &format!("{}{more}{reach}", self.announcement.url),
        );
        if let Some(token) = self
            .rotated
            .as_ref()
            .or(self.announcement.token_shown_once.as_ref())
        {
            item(&mut out, paint, "token", token);
            item(
                &mut out,
                paint,
                "",
                "shown only now: keep it to sign in, or as PERIPLUS_TOKEN for the command line",
            );
        } else if self.config.tokens.full.is_some() {
            if !is_local {
                item(&mut out, paint, "token", "that of --token-file");
            }
        } else if !is_local {
            item(
                &mut out,
                paint,
                "token",
                "the one shown before; --rotate-token makes a new one",
            );
        }
        if let Some(fingerprint) = &self.announcement.certificate_sha256 {
            item(&mut out, paint, "identity", fingerprint);
            let whose = if self.config.tls.is_none() {
                "self-signed certificate, SHA-256: compare in the browser, or pass as --fingerprint"
            } else {
                "certificate, SHA-256"
            };
            item(&mut out, paint, "", whose);
        }
        for receiver in &self.config.receivers {
            item(&mut out, paint, "sends to", receiver.url.as_str());
        }
        item(&mut out, paint, "data", &self.kept());
        out
    }

    /// Says where data lies, how long and how much of it.
    fn kept(&self) -> String {
        let folder = self.config.data.display();
        if self.config.scope == Scope::Node {
            let hold = bytes(self.config.hold as f64);
            return format!("{folder}, where at most {hold} wait");
        }
        let size = self
            .config
            .retention_bytes
            .map(|size| format!(", at most {}", bytes(size as f64)));
        let kept = format_duration(self.config.retention);
        format!("{folder}, kept {kept}{}", size.unwrap_or_default())
    }

    /// Says what is collected and what is not.
    pub(super) fn collection(&self, status: &AgentStatus, paint: Paint) -> String {
        let mut out = String::new();
        let all = &status.collectors;
        let running: Vec<&CollectorStatus> = all.iter().filter(|one| is_running(one.state)).collect();
        let series: usize = running.iter().map(|one| one.series).sum();
        let every = format_duration(self.config.interval);
        let summary = format!(
            "every {every}: {series} series by {} of {} collectors",
            running.len(),
            all.len()
        );
        let summary = match self.config.scope {
            Scope::Machine | Scope::Node => summary,
            Scope::Edge => format!("every {every}: {series} series about itself"),
        };
        item(&mut out, paint, "collects", &summary);
        let shown = running
            .iter()
            .copied()
            .filter(|_| self.config.scope != Scope::Edge);
        let running: Vec<&CollectorStatus> = shown.collect();
        for (job, names) in by_job(&running) {
            item(&mut out, paint, "", &format!("{job}: {}", names.join(" ")));
        }
        let waiting = names(all, |one| one.state == CollectorState::Starting);
        if !waiting.is_empty() {
            item(&mut out, paint, "waits for", &waiting.join(" "));
        }
        self.add_limits(&mut out, all, paint);
        let absent = names(all, |one| {
            one.state == CollectorState::Unavailable && one.hint.is_none()
        });
        if !absent.is_empty() {
            let text = format!(
                "{} (this machine has no such devices or features)",
                absent.join(" ")
            );
            item(&mut out, paint, "not here", &text);
        }
        if !self.clusters.is_empty() {
            item(&mut out, paint, "clusters", &self.clusters.join(", "));
        }
        let off = names(all, |one| one.state == CollectorState::Disabled);
        if !off.is_empty() && self.config.scope != Scope::Edge {
            item(
                &mut out,
                paint,
                "off",
                &format!("{} (--enable turns one on)", off.join(" ")),
            );
        }
        out.push_str(&format!("\n{}\n", paint.dim("Ctrl-C stops it in order.")));
        out
    }

    /// Says what could be there and is not, why, and what to do.
    fn add_limits(&self, out: &mut String, all: &[CollectorStatus], paint: Paint) {
        let own = self
            .limits
            .iter()
            .map(|one| (one.what.clone(), one.why.clone(), one.hint.clone()));
        let faulty = all.iter().filter(|one| match one.state {
            CollectorState::Failing | CollectorState::TimedOut => true,
            CollectorState::Unavailable => one.hint.is_some(),
            CollectorState::Starting | CollectorState::Ok | CollectorState::Disabled => false,
        });
        let of_collectors = faulty.map(|one| {
            (
                one.name.to_owned(),
                one.message.clone(),
                one.hint.unwrap_or("").to_owned(),
            )
        });
        for (idx, (what, why, hint)) in own.chain(of_collectors).enumerate() {
            let title = if idx == 0 { "lacks" } else { "" };
            let hint = if hint.is_empty() {
                String::new()
            } else {
                format!("; {hint}")
            };
            item(out, paint, title, &format!("{what}: {why}{hint}"));
        }
    }
}

fn is_running(state: CollectorState) -> bool {
    matches!(state, CollectorState::Ok | CollectorState::Failing)
}

fn names(all: &[CollectorStatus], wanted: impl Fn(&CollectorStatus) -> bool) -> Vec<&'static str> {
    all.iter().filter(|one| wanted(one)).map(|one| one.name).collect()
}

fn by_job(running: &[&CollectorStatus]) -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut jobs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in running {
        jobs.entry(one.job).or_default().push(one.name);
    }
    jobs
}

/// Writes a title and its text, wrapped at words with the text indented.
fn item(out: &mut String, paint: Paint, title: &str, text: &str) {
    let padding = " ".repeat(INDENT.saturating_sub(2 + title.chars().count()));
    out.push_str(&format!("  {}{padding}", paint.bold(title)));
    let mut column = INDENT;
    for (idx, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if idx > 0 && column + 1 + length > WIDTH {
            out.push_str(&format!("\n{}", " ".repeat(INDENT)));
            column = INDENT;
        } else if idx > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
}

#[cfg(test)]
mod tests;
