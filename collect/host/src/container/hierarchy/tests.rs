use super::*;
use crate::testing::Tree;

const V1: &str = "\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
33 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:10 master:2 - cgroup cgroup rw,memory
34 31 0:33 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
";
const V2: &str = "26 24 0:23 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

#[test]
fn v1() {
    let found = Hierarchies::parse(V1.as_bytes());
    assert_eq!(found.v1(Controller::Cpu), Some("/sys/fs/cgroup/cpu,cpuacct"));
    assert_eq!(found.v1(Controller::Cpuacct), Some("/sys/fs/cgroup/cpu,cpuacct"));
    assert_eq!(found.v1(Controller::Blkio), None);
    assert_eq!(found.unified(), None);
    let searched: Vec<&str> = found.to_search().collect();
    assert_eq!(searched, ["/sys/fs/cgroup/memory", "/sys/fs/cgroup/systemd"]);
}

#[test]
fn v2() {
    let found = Hierarchies::parse(V2.as_bytes());
    assert_eq!(found.unified(), Some("/sys/fs/cgroup"));
    assert_eq!(found.to_search().collect::<Vec<_>>(), ["/sys/fs/cgroup"]);
}

#[test]
fn hybrid() {
    let both = format!("{V1}{}", V2.replace("/sys/fs/cgroup ", "/sys/fs/cgroup/unified "));
    let found = Hierarchies::parse(both.as_bytes());
    assert_eq!(found.v1(Controller::Memory), Some("/sys/fs/cgroup/memory"));
    assert_eq!(found.unified(), Some("/sys/fs/cgroup/unified"));
    assert_eq!(found.to_search().count(), 3);
}

#[test]
fn cut_lines_are_left_out() {
    let found = Hierarchies::parse(b"31 23 0:28\n32 31 0:29 / /sys/fs/cgroup rw -\n\n- - - -\n");
    assert_eq!(found, Hierarchies::default());
}

#[test]
fn the_own_table_is_read_where_that_of_the_first_process_is_not_there() {
    let tree = Tree::of(&[("proc/self/mountinfo", V2)]);
    assert_eq!(
        Hierarchies::find(&tree.root()).unwrap().unified(),
        Some("/sys/fs/cgroup")
    );
}

#[test]
fn no_cgroups_is_absent() {
    let tree = Tree::of(&[("proc/1/mountinfo", "22 1 254:0 / / rw - ext4 /dev/vda rw\n")]);
    let error = Hierarchies::find(&tree.root()).unwrap_err();
    assert!(matches!(error, CollectError::Absent { .. }), "{error}");
}
