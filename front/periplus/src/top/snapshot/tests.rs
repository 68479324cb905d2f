use super::Builder;
use crate::client::{Point, Series};
use crate::top::questions::Topic;

fn series(labels: &[(&str, &str)], value: f64) -> Series {
    Series {
        labels: labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        points: vec![Point { time: 0, value }],
    }
}

#[test]
fn answers_about_one_process_come_together() {
    let mut builder = Builder::new("node7");
    let identity = [
        ("pid", "7"),
        ("comm", "store"),
        ("user", "root"),
        ("unit", "a.service"),
    ];
    builder.take(
        Topic::ProcessMemory,
        &[series(&identity, 1e6), series(&[("pid", "")], 5.0)],
    );
    builder.take(
        Topic::ProcessCpu,
        &[series(&[("pid", "7")], 0.5), series(&[("pid", "8")], 0.9)],
    );
    builder.take(Topic::ProcessThreads, &[series(&[("pid", "7")], 3.0)]);
    let snapshot = builder.finish();
    // 8 has ended: its rate is still known, its memory is not.
    assert_eq!(snapshot.processes.len(), 2);
    let process = &snapshot.processes[1];
    assert_eq!((process.pid.as_str(), process.command.as_str()), ("7", "store"));
    assert_eq!((process.cpu, process.memory, process.threads), (0.5, 1e6, 3.0));
    assert!(process.files.is_nan());
}

#[test]
fn answers_about_the_machine() {
    let mut builder = Builder::new("node7");
    builder.take(
        Topic::Cpu,
        &[
            series(&[("mode", "idle")], 1.49),
            series(&[("mode", "user")], 0.5),
        ],
    );
    builder.take(Topic::Load, &[series(&[("__name__", "node_load5")], 2.0)]);
    builder.take(
        Topic::Memory,
        &[series(&[("__name__", "node_memory_MemTotal_bytes")], 4096.0)],
    );
    builder.take(
        Topic::Identity,
        &[series(&[("nodename", "seven"), ("release", "6.1")], 1.0)],
    );
    let snapshot = builder.finish();
    assert_eq!(snapshot.n_cpus(), 2.0);
    assert_eq!(snapshot.load, [None, Some(2.0), None]);
    assert_eq!(snapshot.memory_of("MemTotal"), Some(4096.0));
    assert_eq!(
        (snapshot.host.as_str(), snapshot.kernel.as_str()),
        ("seven", "6.1")
    );
}
