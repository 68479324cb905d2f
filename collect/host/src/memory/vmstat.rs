//! Collector `vmstat`: paging, page faults and kills for lack of memory, from `/proc/vmstat`.
//!
//! Of the about 180 fields those are taken that begin with `oom_kill`, `pgpg` or `pswp`, or begin with `pg` and
//! have `fault` in them. The file does not tell counters from gauges, so the families have no type.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};

const PREFIX: &str = "node_vmstat_";
const HELP: &str = "Field of /proc/vmstat.";

/// Collects `node_vmstat_*`.
#[derive(Default)]
pub(crate) struct Vmstat {
    buffer: Vec<u8>,
    name: String,
}

impl Collector for Vmstat {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let bytes = root.read("proc/vmstat", &mut self.buffer)?;
        let mut problems = Problems::default();
        for line in parse::lines(bytes) {
            let mut words = parse::words(line);
            let Some(field) = words.next().filter(|field| is_wanted(field)) else {
                continue;
            };
            let (Some(value), true) = (words.next().and_then(parse::number), is_name(field)) else {
                problems.add(format_args!(
                    "cannot parse line of /proc/vmstat: {}",
                    parse::excerpt(line)
                ));
                continue;
            };
            self.name.clear();
            self.name.push_str(PREFIX);
            self.name.push_str(parse::text(field));
            out.sample(&Family::untyped(&self.name, HELP), &[], value);
        }
        problems.into_result()
    }
}

fn is_wanted(field: &[u8]) -> bool {
    let begins = |with: &[u8]| field.starts_with(with);
    let is_fault = || {
        field
            .strip_prefix(b"pg")
            .is_some_and(|rest| rest.windows(5).any(|word| word == b"fault"))
    };
    begins(b"oom_kill") || begins(b"pgpg") || begins(b"pswp") || is_fault()
}

fn is_name(field: &[u8]) -> bool {
    field
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

#[cfg(test)]
mod tests;
