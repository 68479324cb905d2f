use expect_test::{Expect, ExpectFile, expect, expect_file};

use super::*;
use crate::testing::{Tree, render};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const C: &str = "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";
const TASKS: &str = "run/containerd/io.containerd.runtime.v2.task";

const V2_MOUNT: &str = "26 24 0:23 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n";
const V1_MOUNTS: &str = "\
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
33 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
34 31 0:33 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio
35 31 0:34 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
";
const HYBRID_MOUNTS: &str = "\
36 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
37 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
";

fn collector() -> Containers {
    Containers {
        now: || 1_700_000_500.0,
        ticks_per_second: 100,
        ..Containers::default()
    }
}

/// Collects and cuts the ids for people.
fn shown(collector: &mut Containers, tree: &Tree) -> String {
    let text = render(collector, &tree.root());
    [A, B, C].iter().fold(text, |text, id| {
        text.replace(id, &format!("{}…", id.get(..4).unwrap()))
    })
}

fn check_file(tree: &Tree, expected: &ExpectFile) {
    expected.assert_eq(&shown(&mut collector(), tree));
}

fn check(tree: &Tree, expected: Expect) {
    expected.assert_eq(&shown(&mut collector(), tree));
}

/// Returns the lines that have one of the words, without the types.
fn lines_with(text: &str, words: &[&str]) -> String {
    let lines = text
        .lines()
        .filter(|line| words.iter().any(|word| line.contains(word)));
    lines
        .filter(|line| !line.starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect()
}

fn machine(mounts: &str) -> Tree {
    let tree = Tree::of(&[
        ("proc/1/mountinfo", mounts),
        ("proc/stat", "cpu 1 2 3\nbtime 1700000000\n"),
        (
            "proc/partitions",
            "major minor  #blocks  name\n\n 8 0 100 sda\n 104 0 100 cciss!c0d0\n",
        ),
    ]);
    tree.link("proc/1/ns/net", "net:[4026531840]");
    tree
}

/// Adds a process in a network namespace, started so many hundredths of a second after the boot.
fn add_process(tree: &Tree, pid: u32, namespace: u64, start: u64) {
    // Fields 4 to 21 say nothing here but the parent, which is the first process.
    let zeros = "0 ".repeat(17);
    tree.write(
        &format!("proc/{pid}/stat"),
        format!("{pid} (a b) c) S 1 {zeros}{start} 4096 1\n"),
    );
    tree.link(&format!("proc/{pid}/ns/net"), &format!("net:[{namespace}]"));
    tree.write(
        &format!("proc/{pid}/net/dev"),
        "Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0
  eth0:18446744073709551615 20 3 4 0 0 0 0 50 60 7 8 0 0 0 0
 veth1: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0
",
    );
    tree.write(&format!("proc/{pid}/fd/0"), "")
        .write(&format!("proc/{pid}/fd/1"), "");
}

/// Writes the files of a v2 cgroup with one process.
fn add_v2(tree: &Tree, path: &str, pid: u32) {
    let file = |name: &str, content: &str| {
        tree.write(&format!("sys/fs/cgroup{path}/{name}"), content);
    };
    file("cgroup.procs", &format!("{pid}\n"));
    file(
        "cpu.stat",
        "usage_usec 2500000\nuser_usec 1500000\nsystem_usec 1000000\nnr_periods 10\nnr_throttled 4\n\
         throttled_usec 250000\nnr_bursts 0\nburst_usec 0\n",
    );
    file("cpu.max", "50000 100000\n");
    file("cpu.weight", "39\n");
    file(
        "cpu.pressure",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\n",
    );
    file(
        "memory.pressure",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=2\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
    );
    file("memory.current", "1000000\n");
    file("memory.peak", "2000000\n");
    file("memory.max", "4000000\n");
    file("memory.min", "0\n");
    file("memory.swap.max", "max\n");
    file("memory.swap.current", "7\n");
    file(
        "memory.stat",
        "anon 600000\nfile 300000\nkernel 50000\nfile_mapped 100000\ninactive_anon 1\ninactive_file 200000\n\
         active_file 90000\npgfault 11\npgmajfault 3\n",
    );
    file(
        "memory.events",
        "low 0\nhigh 0\nmax 5\noom 2\noom_kill 1\noom_group_kill 0\n",
    );
    file(
        "io.stat",
        "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n259:7 rbytes=8 wbytes=0 rios=1 wios=0\n",
    );
    file("pids.current", "3\n");
    file("pids.max", "max\n");
}

/// Writes the files of a v1 cgroup with one process.
fn add_v1(tree: &Tree, path: &str, pid: u32) {
    let file = |controller: &str, name: &str, content: &str| {
        tree.write(&format!("sys/fs/cgroup/{controller}{path}/{name}"), content);
    };
    file("memory", "cgroup.procs", &format!("{pid}\n"));
    file("cpu,cpuacct", "cpuacct.usage", "2500000000\n");
    file("cpu,cpuacct", "cpuacct.stat", "user 150\nsystem 100\n");
    file(
        "cpu,cpuacct",
        "cpu.stat",
        "nr_periods 10\nnr_throttled 4\nthrottled_time 250000000\n",
    );
    file("cpu,cpuacct", "cpu.cfs_period_us", "100000\n");
    file("cpu,cpuacct", "cpu.cfs_quota_us", "50000\n");
    file("cpu,cpuacct", "cpu.shares", "1024\n");
    file("memory", "memory.usage_in_bytes", "1000000\n");
    file("memory", "memory.max_usage_in_bytes", "2000000\n");
    file("memory", "memory.limit_in_bytes", "9223372036854771712\n");
    file("memory", "memory.soft_limit_in_bytes", "3000000\n");
    file("memory", "memory.memsw.limit_in_bytes", "4000000\n");
    file("memory", "memory.failcnt", "5\n");
    file("memory", "memory.kmem.usage_in_bytes", "50000\n");
    file(
        "memory",
        "memory.stat",
        "rss 1\npgfault 10\npgmajfault 2\ninactive_file 1\ntotal_rss 600000\ntotal_cache 300000\n\
         total_swap 7\ntotal_mapped_file 100000\ntotal_pgfault 11\ntotal_pgmajfault 3\n\
         total_inactive_file 1200000\ntotal_active_file 90000\n",
    );
    file(
        "memory",
        "memory.oom_control",
        "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
    );
    file(
        "blkio",
        "blkio.throttle.io_service_bytes_recursive",
        "104:0 Read 1\n104:0 Write 2\n104:0 Sync 3\n104:0 Async 0\n104:0 Discard 0\n104:0 Total 3\nTotal 3\n",
    );
    file(
        "blkio",
        "blkio.throttle.io_serviced_recursive",
        "104:0 Read 4\n104:0 Write 5\nTotal 9\n",
    );
    file("pids", "pids.current", "3\n");
    file("pids", "pids.max", "100\n");
}

fn add_cri(tree: &Tree, id: &str, kind: &str) {
    let name = if kind == "container" {
        r#""io.kubernetes.cri.container-name":"app","io.kubernetes.cri.image-name":"docker.io/library/nginx:1","#
    } else {
        ""
    };
    tree.write(
        &format!("{TASKS}/k8s.io/{id}/config.json"),
        format!(
            r#"{{"process":{{"env":["SECRET=1"]}},"annotations":{{{name}"io.kubernetes.cri.container-type":"{kind}",
            "io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":"shop"}}}}"#
        ),
    );
}

#[test]
fn unified_with_a_pod_of_containerd() {
    let tree = machine(V2_MOUNT);
    let pod = "/kubepods.slice/kubepods-pod1.slice";
    add_v2(&tree, &format!("{pod}/cri-containerd-{B}.scope"), 20);
    add_process(&tree, 20, 5000, 4250);
    add_cri(&tree, B, "container");
    check_file(&tree, &expect_file!["tests/unified.txt"]);
}

#[test]
fn v1_with_docker() {
    let tree = machine(V1_MOUNTS);
    add_v1(&tree, &format!("/docker/{A}"), 20);
    add_process(&tree, 20, 5000, 100);
    tree.write(
        &format!("var/lib/docker/containers/{A}/config.v2.json"),
        r#"{"Name":"/db","Config":{"Image":"postgres:17","Env":["PASSWORD=x"],"Labels":{"a":"b"}}}"#,
    );
    check_file(&tree, &expect_file!["tests/v1.txt"]);
}

#[test]
fn hybrid_reads_pressure_from_the_unified_hierarchy() {
    let tree = machine(&format!("{V1_MOUNTS}{HYBRID_MOUNTS}"));
    add_v1(&tree, "/default/web1", 20);
    add_process(&tree, 20, 5000, 100);
    tree.folder(&format!("{TASKS}/default/web1"));
    tree.write(
        "sys/fs/cgroup/unified/default/web1/cpu.pressure",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=2\n",
    );
    // A service that only systemd's own hierarchy and the unified one have.
    tree.write(
        "sys/fs/cgroup/systemd/system.slice/ssh.service/cgroup.procs",
        "30\n",
    );
    tree.write(
        "sys/fs/cgroup/unified/system.slice/ssh.service/cpu.stat",
        "usage_usec 5000000\nuser_usec 0\nsystem_usec 5000000\n",
    );
    add_process(&tree, 30, 4_026_531_840, 200);
    let text = shown(&mut collector(), &tree);
    expect![[r#"
        container_cpu_cfs_periods_total{id="/default/web1", name="web1"} 10
        container_cpu_cfs_throttled_periods_total{id="/default/web1", name="web1"} 4
        container_cpu_cfs_throttled_seconds_total{id="/default/web1", name="web1"} 0.25
        container_cpu_system_seconds_total{id="/default/web1", name="web1"} 1
        container_cpu_system_seconds_total{id="/system.slice/ssh.service", name="ssh.service"} 5
        container_cpu_usage_seconds_total{cpu="total", id="/default/web1", name="web1"} 2.5
        container_cpu_usage_seconds_total{cpu="total", id="/system.slice/ssh.service", name="ssh.service"} 5
        container_cpu_user_seconds_total{id="/default/web1", name="web1"} 1.5
        container_cpu_user_seconds_total{id="/system.slice/ssh.service", name="ssh.service"} 0
        container_network_receive_bytes_total{id="/default/web1", interface="eth0", name="web1"} 18446744073709552000
        container_pressure_cpu_stalled_seconds_total{id="/default/web1", name="web1"} 0.000002
        container_pressure_cpu_waiting_seconds_total{id="/default/web1", name="web1"} 0.000001
        container_processes{id="/default/web1", name="web1"} 1
        container_processes{id="/system.slice/ssh.service", name="ssh.service"} 1
        container_spec_cpu_period{id="/default/web1", name="web1"} 100000
        container_spec_cpu_quota{id="/default/web1", name="web1"} 50000
        container_spec_cpu_shares{id="/default/web1", name="web1"} 1024
        container_start_time_seconds{id="/default/web1", name="web1"} 1700000001
        container_start_time_seconds{id="/system.slice/ssh.service", name="ssh.service"} 1700000002
    "#]].assert_eq(&lines_with(&text, &["_cpu_", "processes", "start_time", "receive_bytes", "! "]));
}

#[test]
fn each_runtime_names_its_containers() {
    let tree = machine(V2_MOUNT);
    let cases = [
        (format!("/machine.slice/libpod-{A}.scope"), 10),
        (format!("/kubepods.slice/kubepods-pod1.slice/crio-{B}.scope"), 11),
        (format!("/kubepods/burstable/pod1/{C}"), 12),
        ("/ns/task".to_owned(), 13),
        ("/system.slice/cron.service".to_owned(), 14),
    ];
    for (path, pid) in &cases {
        tree.write(&format!("sys/fs/cgroup{path}/cgroup.procs"), format!("{pid}\n"));
    }
    let storage = "var/lib/containers/storage/overlay-containers";
    tree.write(
        &format!("{storage}/containers.json"),
        format!(
            r#"[{{"id":"{A}","names":["cache"],"metadata":"{{\"image-name\":\"docker.io/redis:8\"}}"}}]"#
        ),
    );
    tree.write(
        &format!("{storage}/{B}/userdata/config.json"),
        r#"{"annotations":{"io.kubernetes.container.name":"app","io.kubernetes.pod.name":"web-0",
        "io.kubernetes.pod.namespace":"shop","io.kubernetes.cri-o.ContainerType":"container",
        "io.kubernetes.cri-o.ImageName":"quay.io/app:1","io.kubernetes.cri-o.Name":"k8s_app_web-0_shop"}}"#,
    );
    add_cri(&tree, C, "container");
    // The task's bundle stands in a folder that only its shim tells.
    tree.write("proc/13/stat", "13 (sh) S 5 0");
    tree.link("proc/5/cwd", "/srv/state/io.containerd.runtime.v2.task/ns/task");
    tree.folder("srv/state/io.containerd.runtime.v2.task/ns/task");
    let text = shown(&mut collector(), &tree);
    expect![[r#"
        container_processes{container="app", id="/kubepods.slice/kubepods-pod1.slice/crio-bbbb….scope", image="quay.io/app:1", name="k8s_app_web-0_shop", namespace="shop", pod="web-0"} 1
        container_processes{container="app", id="/kubepods/burstable/pod1/cccc…", image="docker.io/library/nginx:1", name="cccc…", namespace="shop", pod="web-0"} 1
        container_processes{id="/machine.slice/libpod-aaaa….scope", image="docker.io/redis:8", name="cache"} 1
        container_processes{id="/ns/task", name="task"} 1
        container_processes{id="/system.slice/cron.service", name="cron.service"} 1
        periplus_container_identity_unknown 0
    "#]].assert_eq(&lines_with(&text, &["container_processes", "unknown", "! "]));
}

#[test]
fn the_network_of_a_pod_stands_with_its_sandbox_and_that_of_the_host_nowhere() {
    let tree = machine(V2_MOUNT);
    for (id, pid, kind, namespace) in [
        (A, 20, "container", 5000),
        (B, 21, "sandbox", 5000),
        (C, 22, "container", 4_026_531_840),
    ] {
        tree.write(
            &format!("sys/fs/cgroup/kubepods/pod1/{id}/cgroup.procs"),
            format!("{pid}\n"),
        );
        add_process(&tree, pid, namespace, 1);
        add_cri(&tree, id, kind);
    }
    let text = shown(&mut collector(), &tree);
    expect![[r#"
        container_network_transmit_bytes_total{id="/kubepods/pod1/bbbb…", interface="eth0", name="bbbb…", namespace="shop", pod="web-0"} 50
        container_network_transmit_errors_total{id="/kubepods/pod1/bbbb…", interface="eth0", name="bbbb…", namespace="shop", pod="web-0"} 7
        container_network_transmit_packets_dropped_total{id="/kubepods/pod1/bbbb…", interface="eth0", name="bbbb…", namespace="shop", pod="web-0"} 8
        container_network_transmit_packets_total{id="/kubepods/pod1/bbbb…", interface="eth0", name="bbbb…", namespace="shop", pod="web-0"} 60
    "#]].assert_eq(&lines_with(&text, &["transmit", "! "]));
}

#[test]
fn an_unknown_container_has_its_short_id_until_its_runtime_names_it() {
    let tree = machine(V2_MOUNT);
    tree.write(&format!("sys/fs/cgroup/docker/{A}/cgroup.procs"), "");
    let config = format!("var/lib/docker/containers/{A}/config.v2.json");
    tree.write(&config, "{ cut");
    let mut collector = collector();
    let words = ["container_processes", "unknown", "! "];
    expect![[r#"
        container_processes{id="/docker/aaaa…", name="aaaaaaaaaaaa"} 0
        periplus_container_identity_unknown 1
    "#]]
    .assert_eq(&lines_with(&shown(&mut collector, &tree), &words));
    tree.write(&config, r#"{"Name":"/late"}"#);
    expect![[r#"
        container_processes{id="/docker/aaaa…", name="late"} 0
        periplus_container_identity_unknown 0
    "#]]
    .assert_eq(&lines_with(&shown(&mut collector, &tree), &words));
    // Each name is looked up once.
    tree.remove(&config);
    let again = shown(&mut collector, &tree);
    assert!(again.contains(r#"name="late""#), "{again}");
}

#[test]
fn a_cgroup_made_anew_is_another_container() {
    let tree = machine(V2_MOUNT);
    tree.write("sys/fs/cgroup/system.slice/a.service/cgroup.procs", "20\n");
    add_process(&tree, 20, 1, 100);
    let mut collector = collector();
    assert!(shown(&mut collector, &tree).contains(
        "container_start_time_seconds{id=\"/system.slice/a.service\", name=\"a.service\"} 1700000001\n"
    ));
    // Both folders live at once, so that their inodes differ.
    tree.write("sys/fs/cgroup/system.slice/b/cgroup.procs", "21\n");
    add_process(&tree, 21, 1, 900);
    let slice = tree.root().path("sys/fs/cgroup/system.slice");
    std::fs::rename(slice.join("a.service"), slice.join("gone")).unwrap();
    std::fs::rename(slice.join("b"), slice.join("a.service")).unwrap();
    assert!(shown(&mut collector, &tree).contains(
        "container_start_time_seconds{id=\"/system.slice/a.service\", name=\"a.service\"} 1700000009\n"
    ));
}

#[test]
fn what_vanishes_while_it_is_read_is_left_out() {
    let tree = machine(V2_MOUNT);
    // A process that ended after its cgroup was read, one of another namespace, and garbage.
    tree.write(
        "sys/fs/cgroup/system.slice/a.service/cgroup.procs",
        "99\n0\n-1\nx\n99999999999999\n",
    );
    tree.write("sys/fs/cgroup/system.slice/a.service/memory.current", "");
    tree.write("sys/fs/cgroup/system.slice/a.service/memory.stat", "anon");
    tree.write(
        "sys/fs/cgroup/system.slice/a.service/cpu.stat",
        "usage_usec x\nuser_usec 18446744073709551615\n",
    );
    tree.write(
        "sys/fs/cgroup/system.slice/a.service/io.stat",
        "8:0\n8:x rbytes=1\n8:0 rbytes= =1 wbytes=2\n",
    );
    check(
        &tree,
        expect![[r##"
        # container_blkio_device_usage_total counter
        container_blkio_device_usage_total{device="/dev/sda", id="/system.slice/a.service", major="8", minor="0", name="a.service", operation="Read"} 0
        container_blkio_device_usage_total{device="/dev/sda", id="/system.slice/a.service", major="8", minor="0", name="a.service", operation="Write"} 2
        # container_cpu_user_seconds_total counter
        container_cpu_user_seconds_total{id="/system.slice/a.service", name="a.service"} 18446744073709.55
        # container_file_descriptors gauge
        container_file_descriptors{id="/system.slice/a.service", name="a.service"} 0
        # container_fs_reads_bytes_total counter
        container_fs_reads_bytes_total{device="/dev/sda", id="/system.slice/a.service", name="a.service"} 0
        # container_fs_reads_total counter
        container_fs_reads_total{device="/dev/sda", id="/system.slice/a.service", name="a.service"} 0
        # container_fs_writes_bytes_total counter
        container_fs_writes_bytes_total{device="/dev/sda", id="/system.slice/a.service", name="a.service"} 2
        # container_fs_writes_total counter
        container_fs_writes_total{device="/dev/sda", id="/system.slice/a.service", name="a.service"} 0
        # container_last_seen gauge
        container_last_seen{id="/system.slice/a.service", name="a.service"} 1700000500
        # container_processes gauge
        container_processes{id="/system.slice/a.service", name="a.service"} 1
        # periplus_container_identity_unknown gauge
        periplus_container_identity_unknown 0
    "##]],
    );
    tree.remove("sys/fs/cgroup/system.slice");
    check(
        &tree,
        expect![[r#"
        # periplus_container_identity_unknown gauge
        periplus_container_identity_unknown 0
    "#]],
    );
}

#[test]
fn processes_of_cgroups_below_are_counted() {
    let tree = machine(V2_MOUNT);
    tree.write("sys/fs/cgroup/system.slice/a.service/cgroup.procs", "");
    tree.write("sys/fs/cgroup/system.slice/a.service/x/cgroup.procs", "20\n21\n");
    tree.write("sys/fs/cgroup/system.slice/a.service/x/y/cgroup.procs", "22\n");
    let text = shown(&mut collector(), &tree);
    expect![[r#"
        container_processes{id="/system.slice/a.service", name="a.service"} 3
    "#]]
    .assert_eq(&lines_with(&text, &["container_processes", "! "]));
}

#[test]
fn what_can_not_be_read_is_a_problem() {
    let tree = machine(V2_MOUNT);
    tree.folder("sys/fs/cgroup/system.slice/a.service/cgroup.procs/not-a-file");
    let text = shown(&mut collector(), &tree);
    expect![[r#"
        ! failed to read /sys/fs/cgroup/system.slice/a.service/cgroup.procs: Is a directory (os error 21) (and 1 more)
    "#]]
    .assert_eq(&lines_with(&text, &["! "]));
}

#[test]
fn without_cgroups_there_is_nothing() {
    let tree = Tree::of(&[("proc/1/mountinfo", "22 1 254:0 / / rw - ext4 /dev/vda rw\n")]);
    check(
        &tree,
        expect![[r#"
        ! a mounted cgroup file system is not there
    "#]],
    );
}

#[test]
fn every_driver_and_class_of_service_names_its_pods() {
    let uid = "2f0b1c7e-8a37-4c3f-9d5a-0a6f0c1d2e3f";
    let slices = uid.replace('-', "_");
    let (slice, folder) = ("/kubepods.slice/kubepods", "/kubepods");
    let burstable = format!("{slice}-burstable.slice/kubepods-burstable");
    let best_effort = format!("{slice}-besteffort.slice/kubepods-besteffort");
    let cases = [
        // The systemd driver: guaranteed, burstable, best effort.
        format!("{slice}-pod{slices}.slice/cri-containerd-{C}.scope"),
        format!("{burstable}-pod{slices}.slice/cri-containerd-{C}.scope"),
        format!("{best_effort}-pod{slices}.slice/cri-containerd-{C}.scope"),
        // The cgroupfs driver: the same three, and one below a cgroup of kubelet's own.
        format!("{folder}/pod{uid}/{C}"),
        format!("{folder}/burstable/pod{uid}/{C}"),
        format!("{folder}/besteffort/pod{uid}/{C}"),
        format!("/kubelet{folder}/burstable/pod{uid}/{C}"),
    ];
    for path in cases {
        for version in [V1_MOUNTS, V2_MOUNT] {
            let tree = machine(version);
            let mount = if version == V1_MOUNTS { "/memory" } else { "" };
            tree.write(&format!("sys/fs/cgroup{mount}{path}/cgroup.procs"), "20\n");
            add_process(&tree, 20, 5000, 100);
            let log = format!("/var/log/pods/shop_web-0_{uid}/app/0.log");
            tree.write(log.trim_start_matches('/'), "a line\n");
            add_cri(&tree, C, "container");
            let info = format!(
                r#"periplus_container_info{{container="app", container_id="containerd://{C}", id="{path}", image="docker.io/library/nginx:1", log="{log}", name="{C}", namespace="shop", pod="web-0", uid="{uid}"}} 1"#
            );
            let text = render(&mut collector(), &tree.root());
            assert!(text.contains(&info), "{info} in\n{text}");
            // Without the runtime's files kubelet's link names it, and the path its pod.
            tree.remove(TASKS);
            tree.link(&format!("var/log/containers/web-0_shop_app-{C}.log"), &log);
            let text = render(&mut collector(), &tree.root());
            let info = format!(
                r#"periplus_container_info{{container="app", id="{path}", log="{log}", name="{C}", namespace="shop", pod="web-0", uid="{uid}"}} 1"#
            );
            assert!(text.contains(&info), "{info} in\n{text}");
        }
    }
}
