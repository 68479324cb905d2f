//! The command line of `periplus up`, checked as a whole: all mistakes are named at once. That of `periplus agent` becomes
//! the same, in `node`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use agent::{AgentConfig, Selection};
use forward::RemoteWriteConfig;
use host::Root;
use host::table::ROWS;
use lake::LakeConfig;
use model::{Labels, Matcher, Millis};
use server::{Degradation, Language, ServerConfig, Surface, TlsFiles, TokenFiles};
use store::StoreConfig;
use wire::DeltaHandling;

use super::forwarding::{Forwarding, Receivers};
use super::node;
use super::settings::{Settings, WatchedCluster};
use super::watching::{self, Asked};
use crate::cli::{Feature, UpArgs};
use crate::report::{Failure, OrHint as _};

/// Longest time a tick waits for one collector.
const MAX_PATIENCE: Duration = Duration::from_secs(1);
/// A collection that takes longer is lost.
const COLLECTION_TIMEOUT: Duration = Duration::from_secs(30);
/// Time for open requests to end at a stop; the stages of the stop leave room for it.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(8);

/// Log kept for receivers that are behind, if nobody says.
const HOLD_BYTES: u64 = 4 << 30;
/// How long samples are kept if nobody says.
const RETENTION: Duration = Duration::from_secs(15 * 86_400);

/// What this process looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// This machine and everything else.
    Machine,
    /// Everything but this machine.
    Edge,
    /// This machine only; what comes is sent and not kept.
    Node,
}

/// What `periplus up` does.
#[derive(Clone, Debug)]
pub(super) struct UpConfig {
    /// What this process looks at.
    pub(super) scope: Scope,
    /// The clusters to watch.
    pub(super) clusters: Asked,
    /// Address to listen on.
    pub(super) listen: SocketAddr,
    /// Folder for everything.
    pub(super) data: PathBuf,
    /// Time between collections.
    pub(super) interval: Duration,
    /// How long samples are kept.
    pub(super) retention: Duration,
    /// How many bytes they may take.
    pub(super) retention_bytes: Option<u64>,
    /// The machine's file tree.
    pub(super) root: PathBuf,
    /// Name of the machine.
    pub(super) instance: String,
    /// Which collectors run.
    pub(super) selection: Selection,
    /// Labels of every series of this machine.
    pub(super) labels: Vec<(String, String)>,
    /// Who gets the samples, beside those of the configuration file.
    pub(super) receivers: Vec<RemoteWriteConfig>,
    /// How many bytes may wait for receivers that are behind.
    pub(super) hold: u64,
    /// The file that says what is scraped.
    pub(super) config: Option<PathBuf>,
    /// The operator's certificate.
    pub(super) tls: Option<TlsFiles>,
    /// The operator's tokens.
    pub(super) tokens: TokenFiles,
    /// Make a new token.
    rotate_token: bool,
    /// Serve what deletes and copies samples.
    enable_admin_api: bool,
    /// Take orders over HTTP.
    pub(super) enable_lifecycle: bool,
    /// Pages of these origins may ask.
    cors_origin: Option<Matcher>,
    /// Parts of PromQL that are granted.
    language: Language,
    /// What becomes of OTLP deltas, if the command line says so; it decides over the file.
    pub(super) delta: Option<DeltaHandling>,
    /// Whether this process is root's.
    is_root: bool,
    /// How long the command line says to keep events; it decides over the file.
    retention_events: Option<Duration>,
    /// How long and how much the command line says to keep; it decides over the file.
    kept_by_flags: (Option<Duration>, Option<u64>),
    /// What the configuration file says besides scraping.
    settings: Settings,
}

impl UpConfig {
    /// Checks the command line.
    ///
    /// # Errors
    /// All mistakes in it.
    pub(super) fn check(args: &UpArgs) -> Result<Self, Failure> {
        let is_root = rustix::process::geteuid().is_root();
        let mut mistakes = unknown_collectors(args);
        let both = args.enable.iter().filter(|name| args.disable.contains(name));
        mistakes.extend(both.map(|name| format!("collector {name} is both enabled and disabled")));
        if !args.root.join("proc/stat").exists() {
            mistakes.push(format!("--root {} holds no proc/stat", args.root.display()));
        }
        let retention = args.retention.unwrap_or(RETENTION);
        if retention < args.interval {
            mistakes.push("--retention is shorter than --interval: nothing would be kept".to_owned());
        }
        let data = args
            .data
            .clone()
            .or_else(|| default_data("periplus", is_root, &|name| std::env::var_os(name)));
        if data.is_none() {
            mistakes.push("there is no home folder for data: choose one with --data DIR".to_owned());
        }
        let delta = delta(&args.enable_feature).unwrap_or_else(|mistake| {
            mistakes.push(mistake);
            None
        });
        let tls = match (&args.tls_cert, &args.tls_key) {
            (Some(cert), Some(key)) => Some(TlsFiles {
                cert: cert.clone(),
                key: key.clone(),
            }),
            _ => None,
        };
        let (Some(data), true) = (data, mistakes.is_empty()) else {
            return Err(Failure::message("cannot start with this command line")
                .detail(mistakes)
                .usage()
                .hint("`periplus up --help` shows examples"));
        };
        Ok(Self {
            scope: Scope::Machine,
            clusters: Asked {
                kubeconfig: args.kubeconfig.clone(),
                context: args.context.clone(),
            },
            listen: args.listen,
            data,
            interval: args.interval,
            retention,
            retention_bytes: args.retention_size,
            root: args.root.clone(),
            instance: args.instance.clone().unwrap_or_else(|| host_name(&args.root)),
            selection: Selection {
                opt_in: args.enable.clone(),
                disabled: args.disable.clone(),
            },
            labels: Vec::new(),
            receivers: Vec::new(),
            hold: HOLD_BYTES,
            config: args.config.clone(),
            tls,
            tokens: TokenFiles {
                full: args.token_file.clone(),
                write: args.write_token_file.clone(),
            },
            rotate_token: args.rotate_token,
            enable_admin_api: args.enable_admin_api,
            enable_lifecycle: args.enable_lifecycle,
            cors_origin: args.cors_origin.clone(),
            language: language(&args.enable_feature),
            delta,
            is_root,
            retention_events: args.retention_events,
            kept_by_flags: (args.retention, args.retention_size),
            settings: Settings::default(),
        })
    }

    /// Narrows what this process looks at.
    pub(super) fn scoped(mut self, scope: Scope) -> Self {
        self.scope = scope;
        if scope == Scope::Edge {
            self.selection = Selection {
                opt_in: Vec::new(),
                disabled: ROWS.iter().map(|row| row.name.to_owned()).collect(),
            };
        }
        self
    }

    /// Returns the clusters to watch.
    ///
    /// # Errors
    /// A kubeconfig that somebody named cannot be used.
    pub(super) fn watched(&self) -> Result<Vec<WatchedCluster>, Failure> {
        if self.scope == Scope::Node {
            return Ok(Vec::new());
        }
        let environment = std::env::var_os("KUBECONFIG");
        watching::find(
            &self.clusters,
            self.settings.clusters.clone(),
            environment.as_deref(),
        )
    }

    /// Takes in what the configuration file says besides scraping; what flags say too, they decide.
    ///
    /// # Errors
    /// It contradicts the command line.
    pub(super) fn adopt(&mut self, settings: Settings) -> Result<(), Failure> {
        let (time, bytes) = self.kept_by_flags;
        self.retention = time.or(settings.retention()).unwrap_or(RETENTION);
        self.retention_bytes = bytes.or(settings.retention_bytes());
        self.settings = settings;
        if self.retention < self.interval {
            return Err(Failure::message(
                "storage.tsdb.retention.time is shorter than --interval: nothing would be kept",
            )
            .usage());
        }
        Ok(())
    }

    /// Returns the settings of the store.
    pub(super) fn store(&self) -> StoreConfig {
        let mut config = StoreConfig {
            retention: self.retention,
            retention_bytes: self.retention_bytes,
            ..StoreConfig::new(self.data.join("store"))
        };
        if self.scope == Scope::Node {
            node::as_queue(&mut config);
        }
        self.settings.apply_to_store(&mut config);
        config
    }

    /// Returns the settings of the lake; `None` for a process that keeps nothing.
    pub(super) fn lake(&self) -> Option<LakeConfig> {
        if self.scope == Scope::Node {
            return None;
        }
        let mut config = LakeConfig::new(self.data.join("lake"));
        self.settings.apply_to_lake(&mut config, self.retention_events);
        Some(config)
    }

    /// Begins to send to the receivers of the command line.
    ///
    /// # Errors
    /// It cannot be sent to them.
    pub(super) fn send_by(&self, forwarding: &Forwarding) -> Result<(), Failure> {
        if self.receivers.is_empty() {
            return Ok(());
        }
        let applied = forwarding.apply(Receivers {
            configs: self.receivers.clone(),
            external_labels: Labels::default(),
        });
        applied.map_err(|failed| {
            Failure::message("cannot send to the server under --to")
                .detail(failed)
                .hint("--token-file and --ca-file must be there and readable")
        })
    }

    /// Returns the settings of the agent.
    pub(super) fn agent(&self) -> AgentConfig {
        AgentConfig {
            root: Root::at(&self.root),
            instance: self.instance.clone(),
            interval: self.interval,
            // Half an interval is left for the others and for the store.
            patience: (self.interval / 2).min(MAX_PATIENCE),
            timeout: COLLECTION_TIMEOUT,
            selection: self.selection.clone(),
            extra_labels: self.labels.clone(),
        }
    }

    /// Returns the settings of the server.
    pub(super) fn server(&self) -> ServerConfig {
        let mut config = ServerConfig::new(self.listen, &self.data);
        config.tls.clone_from(&self.tls);
        config.tokens.clone_from(&self.tokens);
        if self.scope == Scope::Node {
            config.surface = Surface::Health;
        }
        config.connections.drain_timeout = DRAIN_TIMEOUT;
        config.enable_admin_api = self.enable_admin_api;
        config.cors_origin.clone_from(&self.cors_origin);
        config.language = self.language;
        self.settings.apply_to_server(&mut config, self.delta);
        config
    }

    /// Makes a new token if the operator asked for one.
    ///
    /// # Errors
    /// It cannot be made or kept.
    pub(super) fn rotated_token(&self) -> Result<Option<String>, Failure> {
        if !self.rotate_token {
            return Ok(None);
        }
        let rotated = server::rotate_token(&self.data);
        rotated.map(Some).or_hint("check who may write the data folder")
    }

    /// Returns what this process cannot do as it was started.
    pub(super) fn degradations(&self, now: Millis) -> Vec<Degradation> {
        let mut found = Vec::new();
        if self.scope == Scope::Edge {
            return found;
        }
        let mut add = |what: &str, why: &str, hint: &str| {
            let (what, why, hint) = (what.to_owned(), why.to_owned(), hint.to_owned());
            found.push(Degradation {
                what,
                why,
                hint,
                since: now,
            });
        };
        if !self.is_root {
            add(
                "disk traffic and open files of other users' processes",
                "not running as root",
                "run as root, or grant CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",
            );
        }
        if !self.root.join("proc/pressure").exists() {
            add(
                "pressure: how long work waits for CPU, memory and disks",
                "the kernel does not measure it (no /proc/pressure)",
                "boot with psi=1 if the kernel is 4.20 or later",
            );
        }
        if !self.root.join("sys/fs/cgroup").exists() {
            add(
                "containers",
                "there are no control groups (no /sys/fs/cgroup)",
                "mount cgroup2 on /sys/fs/cgroup",
            );
        }
        found
    }
}

fn language(features: &[Feature]) -> Language {
    let mut language = Language::default();
    for feature in features {
        match feature {
            Feature::PromqlExperimentalFunctions => language.grammar.experimental_functions = true,
            Feature::PromqlDelayedNameRemoval => language.delayed_name_removal = true,
            Feature::PromqlBinopFillModifiers => language.grammar.fill_modifiers = true,
            Feature::PromqlUnquotedUtf8Names => language.grammar.unquoted_utf8_names = true,
            Feature::UseStartTimestamps => language.start_timestamps = true,
            Feature::OtlpDeltatocumulative | Feature::OtlpNativeDeltaIngestion => {}
        }
    }
    language
}

/// Returns what becomes of OTLP deltas, if anything is said of them.
fn delta(features: &[Feature]) -> Result<Option<DeltaHandling>, String> {
    let given = |feature| features.contains(&feature);
    match (
        given(Feature::OtlpDeltatocumulative),
        given(Feature::OtlpNativeDeltaIngestion),
    ) {
        (true, true) => Err(
            "--enable-feature grants both otlp-deltatocumulative and otlp-native-delta-ingestion; choose one"
                .to_owned(),
        ),
        (true, false) => Ok(Some(DeltaHandling::Accumulate)),
        (false, true) => Ok(Some(DeltaHandling::Store)),
        (false, false) => Ok(None),
    }
}

/// Names collectors that there are not, each with the most similar one.
fn unknown_collectors(args: &UpArgs) -> Vec<String> {
    let asked = args.enable.iter().chain(&args.disable);
    let unknown = asked.filter(|name| !ROWS.iter().any(|row| row.name == *name));
    let mistakes = unknown.map(
        |name| match model::nearest(name, ROWS.iter().map(|row| row.name)) {
            Some(near) => format!("there is no collector {name:?}; perhaps {near:?} is meant"),
            None => {
                let known: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
                format!("there is no collector {name:?}; known are {}", known.join(", "))
            }
        },
    );
    mistakes.collect()
}

/// Follows the XDG base directory specification for users and the file system hierarchy for root.
pub(super) fn default_data(
    name: &str,
    is_root: bool,
    env: &dyn Fn(&str) -> Option<std::ffi::OsString>,
) -> Option<PathBuf> {
    if is_root {
        return Some(Path::new("/var/lib").join(name));
    }
    let absolute = |name: &str| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_DATA_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".local/share")))
        .map(|base| base.join(name))
}

/// Returns the name of the machine: the kernel's, or that in the file tree of the machine around the container.
fn host_name(root: &Path) -> String {
    let own = || rustix::system::uname().nodename().to_string_lossy().into_owned();
    if root == Path::new("/") {
        return own();
    }
    let file = std::fs::read_to_string(root.join("etc/hostname")).unwrap_or_default();
    match file.trim() {
        "" => own(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
