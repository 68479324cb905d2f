//! Collector `uname`: names and versions of the running kernel, from uname(2).

use model::{Family, Sink};

use crate::{CollectError, Collector, Root};

const INFO: Family<'_> = Family::gauge(
    "node_uname_info",
    "1; the labels say which kernel runs on which machine.",
);

/// Collects `node_uname_info`.
#[derive(Default)]
pub(crate) struct Uname;

impl Collector for Uname {
    fn collect(&mut self, _root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let uname = rustix::system::uname();
        let text = |name: &std::ffi::CStr| name.to_string_lossy().into_owned();
        let labels = [
            ("sysname", text(uname.sysname())),
            ("release", text(uname.release())),
            ("version", text(uname.version())),
            ("machine", text(uname.machine())),
            ("nodename", text(uname.nodename())),
            ("domainname", text(uname.domainname())),
        ];
        out.sample(
            &INFO,
            &labels.each_ref().map(|(name, value)| (*name, value.as_str())),
            1.0,
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests;
