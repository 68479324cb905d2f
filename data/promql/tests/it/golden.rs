//! The engine's own cases, with names removed at once, as users meet them.

use std::fs;
use std::path::Path;

use crate::run::{Names, run};
use crate::script;

#[test]
fn cases() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cases");
    let mut failures = Vec::new();
    let mut passed = 0;
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let commands =
            script::read(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let report = run(&commands, Names::AtOnce);
        passed += report.passed;
        failures.extend(
            report
                .failures
                .into_iter()
                .map(|failure| format!("{name}: {failure}")),
        );
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(passed > 70, "only {passed} cases ran");
}
