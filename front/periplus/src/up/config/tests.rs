use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use expect_test::{Expect, expect};

use super::testing::{args, config};
use super::{UpConfig, default_data, host_name};
use crate::screen::Paint;

fn check_mistakes(words: &[&str], expected: &Expect) {
    expected.assert_eq(&UpConfig::check(&args(words)).unwrap_err().render(Paint::PLAIN));
}

#[test]
fn all_mistakes_are_named_at_once() {
    let words = [
        "--enable",
        "interupts",
        "--disable",
        "cpu",
        "--enable",
        "cpu",
        "--root",
        "/nowhere",
        "--retention",
        "1s",
    ];
    check_mistakes(
        &words,
        &expect![[r#"
        error: cannot start with this command line
          there is no collector "interupts"; perhaps "interrupts" is meant
          collector cpu is both enabled and disabled
          --root /nowhere holds no proc/stat
          --retention is shorter than --interval: nothing would be kept
        hint: `periplus up --help` shows examples
    "#]],
    );
}

#[test]
fn settings_reach_their_parts() {
    let config = config(&[
        "--interval",
        "1s",
        "--retention-size",
        "1GiB",
        "--disable",
        "process",
    ]);
    let (store, agent, server) = (config.store(), config.agent(), config.server());
    assert_eq!(store.dir, PathBuf::from("/var/lib/periplus/store"));
    assert_eq!(store.retention, Duration::from_secs(15 * 86_400));
    assert_eq!(store.retention_bytes, Some(1 << 30));
    assert_eq!(
        (agent.interval, agent.patience),
        (Duration::from_secs(1), Duration::from_millis(500))
    );
    assert!(agent.timeout > agent.patience);
    assert_eq!(agent.selection.disabled, ["process"]);
    assert_eq!(agent.instance, "node7");
    assert_eq!(server.data_dir, PathBuf::from("/var/lib/periplus"));
    assert_eq!(server.listen, "127.0.0.1:8420".parse().unwrap());
}

#[test]
fn what_is_missing_is_said() {
    let user = UpConfig {
        is_root: false,
        ..config(&[])
    };
    let found = user.degradations(7);
    assert!(
        found.iter().any(|one| one.why.contains("root") && one.since == 7),
        "{found:?}"
    );
    let tree = tempfile::tempdir().unwrap();
    let bare = UpConfig {
        root: tree.path().to_owned(),
        ..config(&[])
    };
    let whats: Vec<String> = bare.degradations(7).into_iter().map(|one| one.what).collect();
    assert_eq!(whats.len(), 2, "{whats:?}");
}

#[test]
fn data_goes_where_the_system_wants_it() {
    let folder = |is_root, home: Option<&str>, xdg: Option<&str>| {
        let env = |name: &str| match name {
            "HOME" => home.map(OsString::from),
            "XDG_DATA_HOME" => xdg.map(OsString::from),
            _ => None,
        };
        default_data("periplus", is_root, &env)
    };
    assert_eq!(
        folder(true, Some("/root"), None),
        Some(PathBuf::from("/var/lib/periplus"))
    );
    assert_eq!(
        folder(false, Some("/home/a"), None),
        Some(PathBuf::from("/home/a/.local/share/periplus"))
    );
    assert_eq!(
        folder(false, Some("/home/a"), Some("/x")),
        Some(PathBuf::from("/x/periplus"))
    );
    assert_eq!(
        folder(false, Some("/home/a"), Some("x")),
        Some(PathBuf::from("/home/a/.local/share/periplus"))
    );
    assert_eq!(folder(false, None, None), None);
}

#[test]
fn a_container_takes_the_name_of_the_machine_around_it() {
    let tree = tempfile::tempdir().unwrap();
    std::fs::create_dir(tree.path().join("etc")).unwrap();
    std::fs::write(tree.path().join("etc/hostname"), "node7\n").unwrap();
    assert_eq!(host_name(tree.path()), "node7");
    assert!(!host_name(std::path::Path::new("/")).is_empty());
}
