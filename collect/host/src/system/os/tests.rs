use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn a_distribution() {
    let tree = Tree::of(&[(
        "usr/lib/os-release",
        r#"# comment
NAME="Fedora Linux"
VERSION="41 (Workstation \"Edition\")"
ID=fedora
ID_LIKE='rhel "like" \n'
VERSION_ID=41
PRETTY_NAME="Fedora "Linux' 41'
VARIANT_ID=workstation
BUILD_ID=
SUPPORT_END=2025-12-15
HOME_URL="https://fedoraproject.org/"
no assignment
"#,
    )]);
    let mut collector = Os::default();
    let first = render(&mut collector, &tree.root());
    expect![[r##"
        # node_os_info gauge
        node_os_info{id="fedora", id_like="rhel \"like\" \\n", name="Fedora Linux", pretty_name="Fedora Linux 41", variant_id="workstation", version="41 (Workstation \"Edition\")", version_id="41"} 1
        # node_os_support_end_timestamp_seconds gauge
        node_os_support_end_timestamp_seconds 1765756800
        # node_os_version gauge
        node_os_version{id="fedora", id_like="rhel \"like\" \\n", name="Fedora Linux"} 41
        ! cannot parse line of os-release: no assignment
    "##]].assert_eq(&first);
    assert_eq!(render(&mut collector, &tree.root()), first, "parsed once");
    // The file of /etc goes first.
    tree.write(
        "etc/os-release",
        "ID=alpine\nVERSION_ID=3.20.1\nSUPPORT_END=soon\n",
    );
    expect![[r##"
        # node_os_info gauge
        node_os_info{id="alpine", version_id="3.20.1"} 1
        # node_os_version gauge
        node_os_version{id="alpine"} 3.2
        ! cannot parse SUPPORT_END of os-release: soon
    "##]]
    .assert_eq(&render(&mut collector, &tree.root()));
}

#[test]
fn machines_without() {
    expect![[r#"
        ! /usr/lib/os-release is not there
    "#]]
    .assert_eq(&render(&mut Os::default(), &Tree::new().root()));
}

#[test]
fn versions() {
    let check = |text, expected| assert_eq!(major_minor(text), expected, "{text:?}");
    check("12", Some(12.0));
    check("22.04", Some(22.04));
    check("3.20.1", Some(3.2));
    check("41.", Some(41.0));
    check("7rc", Some(7.0));
    check("0", None);
    check(".5", None);
    check("rolling", None);
    check("", None);
}

#[test]
fn dates() {
    let check = |text, expected| assert_eq!(parse_date(text), expected, "{text:?}");
    check("1970-01-01", Some(0.0));
    check("2024-02-29", Some(1_709_164_800.0));
    for garbage in [
        "2023-02-29",
        "2024-13-01",
        "2024-00-01",
        "2024-01",
        "2024-01-01-01",
        "x-1-1",
        "",
    ] {
        check(garbage, None);
    }
}
