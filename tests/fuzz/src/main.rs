//! The readers under libFuzzer; `PERIPLUS_FUZZ` says which one. Arguments are libFuzzer's.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

fn chosen() -> fn(&[u8]) {
    let name = std::env::var("PERIPLUS_FUZZ").unwrap_or_default();
    match fuzz::find_target(&name) {
        Some(target) => target.run,
        None => {
            let known: Vec<_> = fuzz::TARGETS.iter().map(|target| target.name).collect();
            unreachable!(
                "PERIPLUS_FUZZ={name:?} is no target; set one of {}",
                known.join(", ")
            );
        }
    }
}

fuzz_target!(|bytes: &[u8]| TARGET.get_or_init(chosen)(bytes));
