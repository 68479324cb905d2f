use std::path::PathBuf;
use std::time::Duration;

use clap::Parser as _;
use expect_test::expect;
use server::Surface;

use super::check;
use crate::cli::{AgentArgs, Cli, Command};
use crate::screen::Paint;
use crate::up::config::Scope;

fn args(words: &[&str]) -> AgentArgs {
    let line = ["periplus", "agent"].iter().chain(words);
    match Cli::try_parse_from(line).unwrap().command {
        Command::Agent(args) => args,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_collects_sends_and_keeps_nothing() {
    let config = check(&args(&[
        "--to",
        "https://edge:8420",
        "--token-file",
        "/etc/periplus/token",
        "--ca-file",
        "/etc/periplus/ca.crt",
        "--instance",
        "node7",
        "--label",
        "cluster=shop-eu",
        "--label",
        "node=node7",
        "--hold",
        "64MiB",
        "--data",
        "/data",
    ]))
    .unwrap();
    assert_eq!(config.scope, Scope::Node);
    assert!(config.lake().is_none());
    assert_eq!(config.server().surface, Surface::Health);
    assert_eq!(config.watched().unwrap().len(), 0);
    assert_eq!(config.hold, 64 << 20);
    let agent = config.agent();
    assert_eq!(agent.instance, "node7");
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        agent.extra_labels,
        [label("cluster", "shop-eu"), label("node", "node7")]
    );
    let store = config.store();
    assert_eq!(store.dir, PathBuf::from("/data/store"));
    assert_eq!(store.retention, Duration::from_secs(900));
    let [receiver] = config.receivers.as_slice() else {
        panic!("{:?}", config.receivers);
    };
    assert_eq!(receiver.url.as_str(), "https://edge:8420/api/v1/write");
}

#[test]
fn a_path_is_taken_as_it_is() {
    let config = check(&args(&["--to", "http://127.0.0.1:9090/receive"])).unwrap();
    let urls: Vec<_> = config.receivers.iter().map(|one| one.url.as_str()).collect();
    assert_eq!(urls, ["http://127.0.0.1:9090/receive"]);
}

#[test]
fn a_token_goes_to_no_other_machine_unencrypted() {
    let failure = check(&args(&[
        "--to",
        "http://edge:8420",
        "--token-file",
        "token",
        "--label",
        "a=1",
        "--label",
        "a=2",
    ]));
    expect![[r#"
        error: cannot start with this command line
          --to http://edge:8420 would get the token unencrypted; it needs https://
          --label: duplicate label name "a"
        hint: `periplus agent --help` shows examples
    "#]]
    .assert_eq(&failure.unwrap_err().render(Paint::PLAIN));
}
