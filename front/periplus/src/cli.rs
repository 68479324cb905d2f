//! The command line: what can be asked, in words that teach by example.

mod examples;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use model::{MatchOp, Matcher};
use service::log::LogFormat;

use crate::client::{Access, Address, Fingerprint, Secret};
use crate::report::Failure;
use crate::units::{parse_bytes, parse_duration};

/// See what a machine does, from kernel to screen.
#[derive(Debug, Parser)]
#[command(name = "periplus", version, max_term_width = 100, after_help = examples::PERIPLUS)]
#[command(disable_help_subcommand = true, propagate_version = false)]
pub(crate) struct Cli {
    /// How log lines on standard error look: text or json. PERIPLUS_LOG chooses which there are: a level
    /// (debug) or levels by part (store=debug,agent=trace)
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "text",
        hide_default_value = true
    )]
    #[arg(value_parser = parse_log_format, display_order = 900)]
    pub(crate) log_format: LogFormat,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Collect this machine, keep the samples, answer queries and serve the page
    #[command(after_help = examples::UP)]
    Up(UpArgs),
    /// Run a part of it: watch clusters, scrape and forward without looking at this machine
    #[command(after_help = examples::SERVER)]
    Server(RoleArgs),
    /// Collect this machine and send the samples to a server: no page, nothing kept longer than it must be
    #[command(after_help = examples::AGENT)]
    Agent(AgentArgs),
    /// Evaluate a PromQL expression and print the answer
    #[command(after_help = examples::QUERY)]
    Query(QueryArgs),
    /// Ask the tables of events in SQL; without a query, list them with their columns
    #[command(after_help = examples::SQL)]
    Sql(SqlArgs),
    /// Watch a machine in the terminal
    #[command(after_help = examples::TOP)]
    Top(TopArgs),
    /// Print the version
    #[command(after_help = examples::VERSION)]
    Version(VersionArgs),
    /// Print a completion script for a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionsArgs),
}

/// Arguments of `periplus server`.
#[derive(Debug, Args)]
pub(crate) struct RoleArgs {
    /// What this process does
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Role,

    #[command(flatten)]
    pub(crate) up: UpArgs,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Everything but looking at this machine
    Edge,
}

/// Arguments of `periplus up`.
#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// Address and port to listen on; port 0 takes a free one. Beyond loopback the server speaks TLS and
    /// asks for a token, both made at the first start
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8420")]
    #[arg(value_parser = parse_listen)]
    pub(crate) listen: SocketAddr,

    /// Folder for samples and identity [default: /var/lib/periplus as root, else
    /// $XDG_DATA_HOME/periplus or ~/.local/share/periplus]
    #[arg(long, value_name = "DIR", env = "PERIPLUS_DATA", hide_env = true)]
    pub(crate) data: Option<PathBuf>,

    /// Time between two collections
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_interval)]
    pub(crate) interval: Duration,

    /// How long samples are kept [default: 15d]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) retention: Option<Duration>,

    /// How much disk samples may take; the oldest go first [default: no limit]
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes)]
    pub(crate) retention_size: Option<u64>,

    /// How long events are kept [default: 90d]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) retention_events: Option<Duration>,

    /// Where the machine's file tree is: /host in a container that has it mounted there
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(crate) root: PathBuf,

    /// Name of this machine, the label "instance" of its series [default: its host name]
    #[arg(long, value_name = "NAME")]
    pub(crate) instance: Option<String>,

    /// Also run a collector that is off by default; may be repeated
    #[arg(long, value_name = "COLLECTOR")]
    pub(crate) enable: Vec<String>,

    /// Do not run a collector; may be repeated
    #[arg(long, value_name = "COLLECTOR")]
    pub(crate) disable: Vec<String>,

    /// Scrape, forward and set bounds by this file, as Prometheus writes it. SIGHUP reads it again
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Watch the Kubernetes cluster of this kubeconfig [default: $KUBECONFIG, else the cluster of this pod]
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// Serve with this certificate chain (PEM) instead of a self-signed one
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// Private key of --tls-cert (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,

    /// Make a new token in place of the old one and print it
    #[arg(long, conflicts_with = "token_file")]
    pub(crate) rotate_token: bool,

    /// Let in who shows the token in this file, instead of making one
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// Also take samples from who shows the token in this file, and answer them nothing else
    #[arg(long, value_name = "FILE")]
    pub(crate) write_token_file: Option<PathBuf>,

    /// Serve what deletes and copies samples: /api/v1/admin/tsdb
    #[arg(long)]
    pub(crate) enable_admin_api: bool,

    /// Take orders over HTTP: POST /-/reload and POST /-/quit
    #[arg(long)]
    pub(crate) enable_lifecycle: bool,

    /// Let pages of other sites ask from a browser, if their whole origin matches, as in https://.*\.example
    #[arg(long, value_name = "PATTERN", value_parser = parse_origin)]
    pub(crate) cors_origin: Option<Matcher>,

    /// Grant what Prometheus has behind the same flag, most of it parts of PromQL; may be a list with commas
    #[arg(long, value_name = "FEATURE", value_delimiter = ',')]
    pub(crate) enable_feature: Vec<Feature>,
}

/// Arguments of `periplus agent`.
#[derive(Debug, Args)]
pub(crate) struct AgentArgs {
    /// Server that takes the samples: Periplus, or anything that takes remote write
    #[arg(long, value_name = "URL")]
    pub(crate) to: Address,

    /// File with the token that the server asks for; read for each request
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// Trust the server if its certificate is signed by one in this file (PEM) [default: the usual authorities]
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Label of every series; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_label)]
    pub(crate) label: Vec<(String, String)>,

    /// How much may wait on disk while the server does not take it; the oldest goes first, and is counted
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = parse_bytes)]
    pub(crate) hold: u64,

    /// Folder for what waits [default: /var/lib/periplus-agent as root, else
    /// $XDG_DATA_HOME/periplus-agent or ~/.local/share/periplus-agent]
    #[arg(long, value_name = "DIR", env = "PERIPLUS_DATA", hide_env = true)]
    pub(crate) data: Option<PathBuf>,

    /// Address and port of /-/healthy, /-/ready and /metrics; port 0 takes a free one. Beyond loopback they speak
    /// TLS, and /metrics asks for a token
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8421")]
    #[arg(value_parser = parse_listen)]
    pub(crate) listen: SocketAddr,

    /// Time between two collections
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_interval)]
    pub(crate) interval: Duration,

    /// Where the machine's file tree is: /host in a container that has it mounted there
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(crate) root: PathBuf,

    /// Name of this machine, the label "instance" of its series [default: its host name]
    #[arg(long, value_name = "NAME")]
    pub(crate) instance: Option<String>,

    /// Also run a collector that is off by default; may be repeated
    #[arg(long, value_name = "COLLECTOR")]
    pub(crate) enable: Vec<String>,

    /// Do not run a collector; may be repeated
    #[arg(long, value_name = "COLLECTOR")]
    pub(crate) disable: Vec<String>,
}

/// Something that has to be granted, under Prometheus' name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Feature {
    // On without asking; taken so that the flags of a Prometheus can stay as they are.
    PromqlExperimentalFunctions,
    PromqlDelayedNameRemoval,
    PromqlBinopFillModifiers,
    PromqlUnquotedUtf8Names,
    UseStartTimestamps,
    // What becomes of OTLP points that count from the point before; not both.
    OtlpDeltatocumulative,
    OtlpNativeDeltaIngestion,
}

/// How to reach a server.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// Server to ask: Periplus, Prometheus or anything that speaks its API
    #[arg(long, value_name = "URL", env = "PERIPLUS_SERVER", hide_env = true)]
    #[arg(default_value = "http://127.0.0.1:8420", help_heading = "Server")]
    pub(crate) server: Address,

    /// Token of the server; better set PERIPLUS_TOKEN, which other users of the machine cannot see
    #[arg(
        long,
        value_name = "TOKEN",
        env = "PERIPLUS_TOKEN",
        hide_env = true,
        help_heading = "Server"
    )]
    #[arg(value_parser = parse_secret)]
    pub(crate) token: Option<Secret>,

    /// Trust servers whose certificate is in this file (PEM) or signed by one in it
    #[arg(
        long,
        value_name = "FILE",
        env = "PERIPLUS_CA_CERT",
        hide_env = true,
        help_heading = "Server"
    )]
    pub(crate) ca_cert: Option<PathBuf>,

    /// Trust the server with this SHA-256 fingerprint, as `periplus up` printed it
    #[arg(long, value_name = "SHA256", env = "PERIPLUS_FINGERPRINT", hide_env = true)]
    #[arg(help_heading = "Server", conflicts_with = "ca_cert")]
    pub(crate) fingerprint: Option<Fingerprint>,
}

impl ServerArgs {
    /// Checks what belongs together.
    ///
    /// # Errors
    /// A token would go over an open connection to another machine.
    pub(crate) fn access(&self) -> Result<Access, Failure> {
        if self.token.is_some() && !self.server.is_tls() && !self.server.is_loopback() {
            let failure = Failure::message(format!("will not send a token to {} unencrypted", self.server));
            return Err(failure.usage().hint("give the server's address with https://"));
        }
        Ok(Access {
            address: self.server.clone(),
            token: self.token.clone(),
            ca_cert: self.ca_cert.clone(),
            fingerprint: self.fingerprint,
        })
    }
}

/// Arguments of `periplus query`.
#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// The expression, in PromQL
    #[arg(value_name = "EXPR")]
    pub(crate) expr: String,

    /// Evaluate once, at this time [default: now]
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "to", "last", "step"])]
    #[arg(allow_hyphen_values = true)]
    pub(crate) at: Option<String>,

    /// Evaluate over a range that begins here: 2026-11-22T14:02:00Z, "2026-11-22 14:02", -2h
    #[arg(
        long,
        value_name = "TIME",
        conflicts_with = "last",
        allow_hyphen_values = true
    )]
    pub(crate) from: Option<String>,

    /// End of the range [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<String>,

    /// Evaluate over the last so much time
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) last: Option<Duration>,

    /// Time between two points of a range [default: what fits the terminal]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) step: Option<Duration>,

    /// Form of the answer [default: table for one time, chart for a range]
    #[arg(long, short, value_name = "FORM")]
    pub(crate) output: Option<OutputForm>,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Forms of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputForm {
    /// Aligned columns, numbers with units
    Table,
    /// As the server answered
    Json,
    /// A drawing
    Chart,
    /// One line a sample, exact values
    Csv,
}

/// Arguments of `periplus sql`.
#[derive(Debug, Args)]
pub(crate) struct SqlArgs {
    /// The query, in SQL [default: list the tables and their columns]
    #[arg(value_name = "QUERY")]
    pub(crate) query: Option<String>,

    /// Form of the answer
    #[arg(long, short, value_name = "FORM", default_value = "table")]
    pub(crate) output: RowsForm,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Forms of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowsForm {
    /// Aligned columns
    Table,
    /// As the server answered
    Json,
    /// An object a line
    Ndjson,
    /// Comma-separated values with a line of names
    Csv,
}

/// Arguments of `periplus top`.
#[derive(Debug, Args)]
pub(crate) struct TopArgs {
    /// Print one frame and end; also what happens when standard output is no terminal
    #[arg(long)]
    pub(crate) once: bool,

    /// Time between two looks
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = parse_interval)]
    pub(crate) interval: Duration,

    /// Machine to watch, where the server knows several [default: the first]
    #[arg(long, value_name = "NAME")]
    pub(crate) instance: Option<String>,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}

/// Arguments of `periplus version`.
#[derive(Debug, Args)]
pub(crate) struct VersionArgs {
    /// Form of the answer
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub(crate) output: VersionForm,
}

/// Forms of the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VersionForm {
    /// One line
    Text,
    /// One object
    Json,
}

/// Arguments of `periplus completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

fn parse_log_format(text: &str) -> Result<LogFormat, String> {
    text.parse().map_err(|_| "expected text or json".to_owned())
}

fn parse_secret(text: &str) -> Result<Secret, String> {
    Ok(Secret::new(text))
}

fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "expected an address and a port such as 127.0.0.1:8420, 0.0.0.0:8420 or [::]:8420".to_owned()
    })
}

fn parse_origin(text: &str) -> Result<Matcher, String> {
    Matcher::new("origin", MatchOp::Regex, text).map_err(|error| model::with_causes(&error))
}

fn parse_label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| "expected NAME=VALUE such as cluster=shop-eu".to_owned())?;
    Ok((name.to_owned(), value.to_owned()))
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    let interval = parse_duration(text)?;
    if interval < Duration::from_millis(100) || interval > Duration::from_secs(3600) {
        return Err("expected a duration between 100ms and 1h".to_owned());
    }
    Ok(interval)
}

#[cfg(test)]
mod tests;
