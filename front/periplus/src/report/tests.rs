use std::io;

use anyhow::Context as _;
use expect_test::expect;

use super::{Failure, OrHint as _};
use crate::screen::Paint;

#[test]
fn error_causes_detail_and_hint() {
    let cause: Result<(), _> = Err(io::Error::other("disk on fire"));
    let error = cause
        .context("failed to open segment 7")
        .context("failed to open store")
        .unwrap_err();
    let failure = Failure::new(error)
        .detail(["sum(up".to_owned(), "      ^".to_owned()])
        .hint("put it out");
    expect![[r"
        error: failed to open store
          cause: failed to open segment 7
          cause: disk on fire
          sum(up
                ^
        hint: put it out
    "]]
    .assert_eq(&failure.render(Paint::PLAIN));
}

#[test]
fn a_wrong_command_line_has_its_own_exit_code() {
    let code = |failure: &Failure| format!("{:?}", failure.exit_code());
    let failed: Result<(), Failure> = Err(io::Error::other("no")).or_hint("yes");
    assert_eq!(
        code(&failed.unwrap_err()),
        format!("{:?}", std::process::ExitCode::from(1))
    );
    assert_eq!(
        code(&Failure::message("no").usage()),
        format!("{:?}", std::process::ExitCode::from(2))
    );
}
