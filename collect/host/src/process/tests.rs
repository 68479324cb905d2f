use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

fn collector() -> Processes {
    Processes {
        page_size: 4096,
        ticks_per_second: 100,
        ..Processes::default()
    }
}

fn machine() -> Tree {
    Tree::of(&[
        ("proc/stat", "cpu 1 2\nbtime 1700000000\n"),
        ("proc/meminfo", ""),
        (
            "etc/passwd",
            "root:x:0:0::/root:/bin/sh\nbroken\nwww:x:33:33::/:/bin/false\ntwin:x:33:1::/:\n",
        ),
    ])
}

/// What a test says of a process.
struct Written<'a> {
    comm: &'a str,
    flags: u64,
    ticks: u64,
    pages: u64,
    start: u64,
}

impl Default for Written<'_> {
    fn default() -> Self {
        Self {
            comm: "sh",
            flags: 0x40_0000,
            ticks: 0,
            pages: 1,
            start: 100,
        }
    }
}

fn write(tree: &Tree, pid: u32, process: &Written<'_>) {
    let Written {
        comm,
        flags,
        ticks,
        pages,
        start,
    } = process;
    tree.write(
        &format!("proc/{pid}/stat"),
        format!(
            "{pid} ({comm}) S 1 1 1 0 -1 {flags} 0 0 0 0 {ticks} 5 0 0 20 0 2 0 {start} 8192 {pages} 0\n"
        ),
    );
}

fn write_costly(tree: &Tree, pid: u32, uid: u32, cgroup: &str) {
    tree.write(
        &format!("proc/{pid}/status"),
        format!("Name:\tsh\nUid:\t0\t{uid}\t0\t0\n"),
    );
    tree.write(&format!("proc/{pid}/cgroup"), cgroup);
    tree.write(&format!("proc/{pid}/io"), "read_bytes: 4096\nwrite_bytes: 100\n");
    tree.write(&format!("proc/{pid}/fd/0"), "");
}

fn value(text: &str, series: &str) -> Option<f64> {
    text.lines()
        .find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}

#[test]
fn processes_with_their_owners() {
    let tree = machine();
    write(
        &tree,
        1,
        &Written {
            comm: "in it) (",
            ticks: 150,
            ..Written::default()
        },
    );
    write_costly(&tree, 1, 33, "0::/system.slice/nginx.service/worker\n");
    write(
        &tree,
        2,
        &Written {
            comm: "kthreadd",
            flags: 0x20_8040,
            ticks: 7,
            ..Written::default()
        },
    );
    tree.write("proc/2/cgroup", "0::/\n")
        .write("proc/2/status", "Uid:\t0\t0\t0\t0\n");
    // One that ended meanwhile, one cut, and what is no process.
    tree.folder("proc/3")
        .write("proc/4/stat", "4 (cut) S 1")
        .folder("proc/sys");
    expect![[r##"
        # process_cpu_time_seconds_total counter
        process_cpu_time_seconds_total{comm="in it) (", mode="system", pid="1", unit="nginx.service", user="www"} 0.05
        process_cpu_time_seconds_total{comm="in it) (", mode="user", pid="1", unit="nginx.service", user="www"} 1.5
        process_cpu_time_seconds_total{comm="kthreadd", mode="system", pid="2", user="root"} 0.05
        process_cpu_time_seconds_total{comm="kthreadd", mode="user", pid="2", user="root"} 0.07
        process_cpu_time_seconds_total{comm="other", mode="system"} 0
        process_cpu_time_seconds_total{comm="other", mode="user"} 0
        # process_disk_io_bytes_total counter
        process_disk_io_bytes_total{comm="in it) (", direction="read", pid="1", unit="nginx.service", user="www"} 4096
        process_disk_io_bytes_total{comm="in it) (", direction="write", pid="1", unit="nginx.service", user="www"} 100
        process_disk_io_bytes_total{comm="other", direction="read"} 0
        process_disk_io_bytes_total{comm="other", direction="write"} 0
        # process_memory_usage_bytes gauge
        process_memory_usage_bytes{comm="in it) (", pid="1", unit="nginx.service", user="www"} 4096
        process_memory_usage_bytes{comm="other"} 0
        # process_memory_virtual_bytes gauge
        process_memory_virtual_bytes{comm="in it) (", pid="1", unit="nginx.service", user="www"} 8192
        process_memory_virtual_bytes{comm="other"} 0
        # process_open_file_descriptor_count gauge
        process_open_file_descriptor_count{comm="in it) (", pid="1", unit="nginx.service", user="www"} 1
        process_open_file_descriptor_count{comm="other"} 0
        # process_start_time_seconds gauge
        process_start_time_seconds{comm="in it) (", pid="1", unit="nginx.service", user="www"} 1700000001
        process_start_time_seconds{comm="kthreadd", pid="2", user="root"} 1700000001
        # process_thread_count gauge
        process_thread_count{comm="in it) (", pid="1", unit="nginx.service", user="www"} 2
        process_thread_count{comm="kthreadd", pid="2", user="root"} 2
        process_thread_count{comm="other"} 0
    "##]].assert_eq(&render(&mut collector(), &tree.root()));
}

#[test]
fn the_unit_is_the_innermost_container_or_service() {
    let tree = machine();
    let id = "ab".repeat(32);
    let cgroups = [
        format!("12:pids:/docker/{id}\n1:name=systemd:/docker/{id}\n0::/system.slice/docker.service\n"),
        format!("0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{id}.scope/nested\n"),
        "4:memory:/\n0::/user.slice/user-0.slice/session-1.scope\n".to_owned(),
        "3:cpu:/a:b.service\n".to_owned(),
    ];
    for (pid, cgroup) in (1..).zip(&cgroups) {
        write(&tree, pid, &Written::default());
        write_costly(&tree, pid, 7, cgroup);
    }
    let text = render(&mut collector(), &tree.root());
    let threads = text
        .lines()
        .filter(|line| line.starts_with("process_thread_count"));
    expect![[r#"
        process_thread_count{comm="other"} 0
        process_thread_count{comm="sh", pid="1", unit="abababababab", user="7"} 2
        process_thread_count{comm="sh", pid="2", unit="abababababab", user="7"} 2
        process_thread_count{comm="sh", pid="3", user="7"} 2
        process_thread_count{comm="sh", pid="4", unit="a:b.service", user="7"} 2
    "#]]
    .assert_eq(&threads.map(|line| format!("{line}\n")).collect::<String>());
}

#[test]
fn processes_of_pods_have_their_names() {
    let tree = machine();
    let id = "ab".repeat(32);
    write(&tree, 1, &Written::default());
    // As it is seen from another cgroup namespace, that of an agent in a pod.
    write_costly(&tree, 1, 7, &format!("0::/../../pod1/{id}\n"));
    tree.write(
        &format!("run/containerd/io.containerd.runtime.v2.task/k8s.io/{id}/config.json"),
        r#"{"annotations":{"io.kubernetes.cri.container-type":"container","io.kubernetes.cri.container-name":"app",
        "io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":"shop"}}"#,
    );
    let text = render(&mut collector(), &tree.root());
    let labels =
        r#"{comm="sh", container="app", namespace="shop", pid="1", pod="web-0", unit="web-0/app", user="7"}"#;
    assert_eq!(
        value(&text, &format!("process_thread_count{labels}")),
        Some(2.0),
        "{text}"
    );
}

#[test]
fn a_pid_used_again_is_another_process() {
    let tree = machine();
    write(
        &tree,
        9,
        &Written {
            ticks: 1000,
            ..Written::default()
        },
    );
    let mut collector = collector();
    let series = r#"process_start_time_seconds{comm="sh", pid="9"}"#;
    assert_eq!(
        value(&render(&mut collector, &tree.root()), series),
        Some(1_700_000_001.0)
    );
    write(
        &tree,
        9,
        &Written {
            ticks: 3,
            start: 700,
            ..Written::default()
        },
    );
    let text = render(&mut collector, &tree.root());
    assert_eq!(value(&text, series), Some(1_700_000_007.0));
    let cpu = r#"process_cpu_time_seconds_total{comm="sh", mode="user", pid="9"}"#;
    assert_eq!(value(&text, cpu), Some(0.03));
}

#[test]
fn the_sum_of_the_others_only_rises_and_loses_nothing() {
    let tree = machine();
    let mut collector = collector();
    let other = r#"process_cpu_time_seconds_total{comm="other", mode="user"}"#;
    let mut last = 0.0;
    for round in 0..30_u64 {
        // Processes come, use a tick each round in turn of pid, and go after twenty rounds.
        for pid in 0..100_u32 {
            let age = round.checked_sub(u64::from(pid) % 20);
            match age {
                Some(age) if age < 20 => {
                    let busy = (u64::from(pid) * 7 + round) % 30;
                    write(
                        &tree,
                        pid + 1,
                        &Written {
                            ticks: age * 2 + u64::from(busy == 0),
                            pages: busy,
                            ..Written::default()
                        },
                    );
                }
                Some(20) => {
                    tree.remove(&format!("proc/{}", pid + 1));
                }
                _ => {}
            }
        }
        let text = render(&mut collector, &tree.root());
        let now = value(&text, other).unwrap();
        assert!(now >= last, "{now} after {last} in round {round}");
        last = now;
        let shown = text
            .lines()
            .filter(|line| line.starts_with("process_thread_count{comm=\"sh\""));
        assert!(shown.count() <= MAX_SHOWN);
        if round == 19 {
            // Everybody lives: nobody's memory is forgotten.
            let sum: f64 = text
                .lines()
                .filter(|line| line.starts_with("process_memory_usage_bytes{"))
                .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
                .sum();
            let pages: u64 = (0..100_u64).map(|pid| (pid * 7 + 19) % 30).sum();
            assert_eq!(sum, (pages * 4096) as f64);
        }
    }
    assert!(last > 0.0);
}

#[test]
fn a_new_process_may_still_change_its_owner() {
    let tree = machine();
    write(&tree, 5, &Written::default());
    write_costly(&tree, 5, 0, "0::/\n");
    let mut collector = collector();
    render(&mut collector, &tree.root());
    write_costly(&tree, 5, 33, "0::/system.slice/nginx.service\n");
    let series = r#"process_thread_count{comm="sh", pid="5", unit="nginx.service", user="www"}"#;
    assert_eq!(value(&render(&mut collector, &tree.root()), series), Some(2.0));
}

#[test]
fn what_a_kernel_thread_uses_is_found_in_the_end() {
    let tree = machine();
    let thread = |ticks| Written {
        comm: "kworker/0:1",
        flags: 0x20_8040,
        ticks,
        ..Written::default()
    };
    // Idle at first, and therefore not among those that lead: these are busier.
    write(&tree, 1, &thread(0));
    let busier = |tree: &Tree, ticks| {
        for pid in 2..20 {
            write(
                tree,
                pid,
                &Written {
                    ticks,
                    ..Written::default()
                },
            );
        }
    };
    busier(&tree, 1000);
    let mut collector = collector();
    let sum = r#"process_cpu_time_seconds_total{comm="other", mode="user"}"#;
    let first = value(&render(&mut collector, &tree.root()), sum).unwrap();
    write(&tree, 1, &thread(3));
    let last = (0..KERNEL_THREADS_EVERY).map(|n| {
        busier(&tree, 2000 * (n + 1));
        render(&mut collector, &tree.root())
    });
    let last = last.last().unwrap();
    let found = value(
        &last,
        r#"process_cpu_time_seconds_total{comm="kworker/0:1", mode="user", pid="1"}"#,
    );
    assert!(
        found == Some(0.03) || value(&last, sum).unwrap() > first,
        "{last}"
    );
}

#[test]
fn a_new_name_is_looked_up_at_once() {
    let tree = machine();
    write(&tree, 5, &Written::default());
    write_costly(&tree, 5, 0, "0::/\n");
    let mut collector = collector();
    let series = r#"process_thread_count{comm="sh", pid="5", user="root"}"#;
    assert_eq!(value(&render(&mut collector, &tree.root()), series), Some(2.0));
    write(
        &tree,
        5,
        &Written {
            comm: "nginx",
            ..Written::default()
        },
    );
    write_costly(&tree, 5, 33, "0::/system.slice/nginx.service\n");
    let series = r#"process_thread_count{comm="nginx", pid="5", unit="nginx.service", user="www"}"#;
    assert_eq!(value(&render(&mut collector, &tree.root()), series), Some(2.0));
}

#[test]
fn without_proc_there_is_nothing() {
    let error = collector().collect(&Tree::new().root(), &mut NoSink).unwrap_err();
    assert!(matches!(error, CollectError::Absent { .. }), "{error}");
}

struct NoSink;

impl Sink for NoSink {
    fn sample(&mut self, family: &model::Family<'_>, _: &[(&str, &str)], _: f64) {
        panic!("{} without a source", family.name);
    }
}
