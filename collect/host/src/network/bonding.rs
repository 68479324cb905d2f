//! Links of every bonding device, and how many of them are up: `/sys/class/net/*/bonding`.

use model::{Family, Sink};

use crate::folder::{Folder, Reader};
use crate::{CollectError, Collector, Root};

const SLAVES: Family<'_> = Family::gauge("node_bonding_slaves", "Links configured in a bonding device.");
const ACTIVE: Family<'_> = Family::gauge("node_bonding_active", "Links of a bonding device that are up.");

/// Collector `bonding`.
#[derive(Default)]
pub(crate) struct Bonding {
    reader: Reader,
    masters: String,
    slaves: String,
}

impl Collector for Bonding {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let Self {
            reader,
            masters,
            slaves,
        } = self;
        let net = Folder::open(root, "sys/class/net")?;
        let Some(masters) = reader.text(&net, "bonding_masters", masters) else {
            return Err(CollectError::Absent {
                what: "/sys/class/net/bonding_masters".to_owned(),
            });
        };
        for master in masters.split_whitespace() {
            let slaves = net
                .folder(master)
                .and_then(|folder| Some((reader.text(&folder, "bonding/slaves", slaves)?, folder)));
            let Some((slaves, folder)) = slaves else {
                reader.problem(format_args!("bonding device {master} has no list of links"));
                continue;
            };
            let mut configured = 0_u32;
            let mut active = 0_u32;
            for slave in slaves.split_whitespace() {
                configured += 1;
                // Kernels before 2.6.39 say `slave_`.
                let up = ["lower_", "slave_"].into_iter().find_map(|prefix| {
                    let link = folder.folder(&format!("{prefix}{slave}"))?;
                    let status = reader.bytes(&link, "bonding_slave/mii_status")?;
                    Some(status == b"up")
                });
                match up {
                    Some(up) => active += u32::from(up),
                    None => reader.problem(format_args!("link {slave} of {master} has no status")),
                }
            }
            out.sample(&SLAVES, &[("master", master)], f64::from(configured));
            out.sample(&ACTIVE, &[("master", master)], f64::from(active));
        }
        reader.finish()
    }
}

#[cfg(test)]
mod tests;
