use super::*;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Classifies a path in which `ID` stands for an id, and shows the result with the id cut.
fn check(path: &str, expected: &str) {
    let shown = match classify(&path.replace("ID", ID)) {
        None => "nothing".to_owned(),
        Some(Class::Service { unit }) => format!("service {unit}"),
        Some(Class::Task { namespace, id }) => format!("task {namespace} {id}"),
        Some(Class::Container { id, runtime }) => {
            assert_eq!(id, ID);
            format!("container {runtime:?}")
        }
    };
    assert_eq!(shown, expected, "{path}");
}

#[test]
fn containers_of_the_systemd_driver() {
    let pod = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0_1.slice";
    check(
        &format!("{pod}/cri-containerd-ID.scope"),
        "container Some(Containerd)",
    );
    check(&format!("{pod}/crio-ID.scope"), "container Some(Storage)");
    check(&format!("{pod}/crio-conmon-ID.scope"), "nothing");
    check("/machine.slice/libpod-ID.scope", "container Some(Storage)");
    check("/machine.slice/libpod-conmon-ID.scope", "nothing");
    check("/machine.slice/libpod-ID.scope/container", "nothing");
    check("/system.slice/docker-ID.scope", "container Some(Docker)");
    check("/system.slice/nerdctl-ID.scope", "container Some(Containerd)");
    check("/system.slice/other-ID.scope", "container None");
    check(pod, "nothing");
}

#[test]
fn containers_of_the_cgroupfs_driver() {
    check("/kubepods/burstable/pod0-1/ID", "container None");
    check("/kubepods/besteffort/pod0-1/crio-ID", "container Some(Storage)");
    check("/libpod_parent/libpod-ID", "container Some(Storage)");
    check("/docker/ID", "container Some(Docker)");
    check("/docker/ID/docker/ID", "container Some(Docker)");
    check("/default/ID", "container None");
    check("/default/web1", "task default web1");
    check("/kubepods/burstable", "task kubepods burstable");
    check("/kubepods/burstable/pod0-1", "nothing");
}

#[test]
fn services() {
    check("/system.slice/ssh.service", "service ssh.service");
    check(
        "/user.slice/user-0.slice/user@0.service/app.slice/dbus.service",
        "service dbus.service",
    );
    check(
        "/system.slice/system-getty.slice/getty@tty1.service",
        "service getty@tty1.service",
    );
    check("/system.slice/_cgroup.service", "service cgroup.service");
    check(
        "/system.slice/dev-disk\\x2dby.service",
        "service dev-disk-by.service",
    );
    check("/system.slice/odd\\x2.service", "service odd\\x2.service");
}

#[test]
fn what_groups_others_is_nothing() {
    for path in [
        "",
        "/",
        "/system.slice",
        "/init.scope",
        "/user.slice/user-0.slice",
    ] {
        check(path, "nothing");
    }
    check("/user.slice/user-0.slice/session-1.scope", "nothing");
    check("/system.slice/dev-hugepages.mount", "nothing");
}

#[test]
fn only_ids_are_cut() {
    assert_eq!(short_id(ID), "0123456789ab");
    assert_eq!(short_id("a-rather-long-name"), "a-rather-long-name");
    assert_eq!(short_id(""), "");
}

#[test]
fn uids_of_pods() {
    let uid = "2f0b1c7e-8a37-4c3f-9d5a-0a6f0c1d2e3f";
    let (slices, hash) = (uid.replace('-', "_"), "d".repeat(32));
    let found = |path: &str| pod_uid(path).unwrap_or_default();
    assert_eq!(found(&format!("/kubepods/burstable/pod{uid}/{ID}")), uid);
    assert_eq!(found(&format!("/kubepods/pod{uid}/{ID}")), uid);
    assert_eq!(found(&format!("/kubepods/besteffort/pod{hash}/{ID}")), hash);
    let slice = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable";
    assert_eq!(found(&format!("{slice}-pod{slices}.slice/crio-{ID}.scope")), uid);
    let guaranteed = format!("/kubepods.slice/kubepods-pod{slices}.slice/cri-containerd-{ID}.scope");
    assert_eq!(found(&guaranteed), uid);
    // A cluster in a container has its own root in the middle of the path.
    assert_eq!(
        found(&format!("/docker/{ID}/kubelet/kubepods/pod{uid}/{ID}")),
        uid
    );
    for none in [
        "",
        "/",
        "/machine.slice/libpod_pod_1.slice/x",
        "/podinfo/x",
        "/kubepods/podagogue/x",
    ] {
        assert_eq!(found(none), "", "{none}");
    }
}
