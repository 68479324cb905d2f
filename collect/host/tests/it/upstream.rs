//! The machine that node_exporter records for its own test, read by these collectors: every series must have the
//! value that node_exporter gives it.
//!
//! The recording is read from the Go module cache; without it the test says how to get it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use host::{Root, table};
use model::{Family, Labels, Sink};

const MODULE: &str = "github.com/prometheus/node_exporter@v1.12.1";

/// Families that are compared, by the beginning of their names.
const FAMILIES: &[&str] = &[
    "node_arp_",
    "node_bcache_",
    "node_bcachefs_",
    "node_bonding_",
    "node_btrfs_",
    "node_disk_",
    "node_dmmultipath_",
    "node_fibrechannel_",
    "node_infiniband_",
    "node_ipvs_",
    "node_md_",
    "node_netstat_",
    "node_network_",
    "node_nf_conntrack_",
    "node_nfs_",
    "node_nfsd_",
    "node_nvme_namespace_",
    "node_nvme_info",
    "node_sockstat_",
    "node_softnet_",
    "node_tape_",
    "node_udp_queues",
    "node_xfs_",
    "node_zfs_",
];

/// Families that the recording's test switches on, or reads from the machine it runs on.
const NOT_RECORDED: &[&str] = &[
    "node_bcache_priority_stats_",
    "node_network_receive_",
    "node_network_transmit_bytes_total",
    "node_network_transmit_carrier_",
    "node_network_transmit_colls_",
    "node_network_transmit_compressed_",
    "node_network_transmit_drop_",
    "node_network_transmit_errs_",
    "node_network_transmit_fifo_",
    "node_network_transmit_packets_",
];

/// Samples by family and labels, and the types of families.
#[derive(Default)]
struct Samples {
    values: BTreeMap<(String, String), f64>,
    types: BTreeMap<String, String>,
}

impl Sink for Samples {
    fn sample(&mut self, family: &Family<'_>, labels: &[(&str, &str)], value: f64) {
        let labels = Labels::from_pairs(labels.iter().copied()).unwrap();
        let known = self
            .values
            .insert((family.name.to_owned(), labels.to_string()), value);
        assert!(known.is_none(), "{}{labels} comes twice", family.name);
        let kind = family.metric_type.as_str().replace("unknown", "untyped");
        self.types.insert(family.name.to_owned(), kind);
    }
}

impl Samples {
    /// Reads exposition text as node_exporter writes it.
    fn parse(text: &str) -> Self {
        let mut samples = Self::default();
        for line in text.lines() {
            if let Some(declared) = line.strip_prefix("# TYPE ") {
                let (name, kind) = declared.split_once(' ').unwrap();
                samples.types.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with('#') {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let (name, labels) = match series.split_once('{') {
                    Some((name, labels)) => (name, labels.strip_suffix('}').unwrap()),
                    None => (series, ""),
                };
                let pairs = labels.split_terminator("\",").map(|pair| {
                    let (name, value) = pair.split_once("=\"").unwrap();
                    (name, value.strip_suffix('"').unwrap_or(value))
                });
                let labels = Labels::from_pairs(pairs).unwrap().to_string();
                samples
                    .values
                    .insert((name.to_owned(), labels), value.parse().unwrap());
            }
        }
        samples
    }
}

/// Unpacks node_exporter's text archive: lines `Path:` and `Lines:` before the content, `SymlinkTo:` after the path.
fn unpack(archive: &str, into: &Path) {
    let mut lines = archive.lines();
    let mut path = PathBuf::new();
    while let Some(line) = lines.next() {
        if let Some(folder) = line.strip_prefix("Directory: ") {
            std::fs::create_dir_all(into.join(folder)).unwrap();
        } else if let Some(file) = line.strip_prefix("Path: ") {
            path = into.join(file);
        } else if let Some(target) = line.strip_prefix("SymlinkTo: ") {
            std::os::unix::fs::symlink(target, &path).unwrap();
        } else if let Some(count) = line.strip_prefix("Lines: ") {
            let mut content = String::new();
            for line in lines.by_ref().take(count.parse().unwrap()) {
                let line = line.replace("\\EOF", "\u{1}").replace("\\NULLBYTE", "\u{2}");
                let line = line.replace("NULLBYTE", "\0");
                // At the end of a line: the file ends here, without a newline.
                match line.strip_suffix("EOF") {
                    Some(end) => content += end,
                    None => content.extend([&*line, "\n"]),
                }
            }
            std::fs::write(
                &path,
                content.replace('\u{1}', "EOF").replace('\u{2}', "NULLBYTE"),
            )
            .unwrap();
        }
    }
}

fn recording() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = variable("GOMODCACHE")
        .or_else(|| Some(variable("GOPATH")?.join("pkg/mod")))
        .or_else(|| Some(variable("HOME")?.join("go/pkg/mod")))?;
    let folder = cache.join(MODULE).join("collector/fixtures");
    folder.is_dir().then_some(folder)
}

#[test]
fn every_series_of_the_recording_has_its_value() {
    let Some(recording) = recording() else {
        eprintln!("skipped: run `go mod download {MODULE}` to compare with node_exporter's own recording");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let read = |name: &str| std::fs::read_to_string(recording.join(name)).unwrap();
    unpack(&read("sys.ttar"), dir.path());
    unpack(&read("udev.ttar"), &dir.path().join("run"));
    std::os::unix::fs::symlink(recording.join("proc"), dir.path().join("proc")).unwrap();
    let page = rustix::param::page_size();
    let expected = Samples::parse(&read(match page {
        4096 => "e2e-output.txt",
        _ => "e2e-64k-page-output.txt",
    }));

    let root = Root::at(dir.path());
    let mut found = Samples::default();
    for row in table::ROWS.iter().filter(|row| row.job == table::NODE) {
        let mut families = Samples::default();
        // A collector whose source is not recorded hands over nothing.
        let _result = (row.new)().collect(&root, &mut families);
        found.values.append(&mut families.values);
        found.types.append(&mut families.types);
    }

    let begins = |name: &str, list: &[&str]| list.iter().any(|start| name.starts_with(start));
    let mut compared = 0;
    for (series, value) in &expected.values {
        if !begins(&series.0, FAMILIES) || begins(&series.0, NOT_RECORDED) {
            continue;
        }
        assert_eq!(found.values.get(series), Some(value), "{series:?}");
        assert_eq!(found.types[&series.0], expected.types[&series.0], "{}", series.0);
        compared += 1;
    }
    assert!(compared > 1_500, "{compared} series are too few");
    for name in found.types.keys().filter(|name| begins(name, FAMILIES)) {
        assert!(expected.types.contains_key(name), "{name} is not node_exporter's");
    }
}
