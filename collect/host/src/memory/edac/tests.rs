use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

fn controller(tree: &Tree, number: u32) {
    for (file, content) in [
        ("ce_count", "1"),
        ("ce_noinfo_count", "2"),
        ("ue_count", "5"),
        ("ue_noinfo_count", "6"),
        ("csrow0/ce_count", "3"),
        ("csrow0/ue_count", "4"),
        ("csrow0/ch0_ce_count", "8"),
        ("csrow0/ch0_ue_count", "9"),
        ("csrow0/ch0_dimm_label", "CPU_SrcID#0_MC#0csrow#0channel#0"),
        ("csrow0/ch1_ce_count", "18446744073709551615"),
    ] {
        tree.write(&format!("{MC_DIR}/mc{number}/{file}"), format!("{content}\n"));
    }
}

#[test]
fn controllers_rows_and_channels() {
    let tree = Tree::new();
    controller(&tree, 0);
    tree.folder(&format!("{MC_DIR}/power"));
    let mut collector = Edac::default();
    expect![[r##"
        # node_edac_channel_correctable_errors_total counter
        node_edac_channel_correctable_errors_total{channel="0", controller="0", csrow="0", dimm_label="CPU_SrcID0_MC0_csrow0_channel0"} 8
        node_edac_channel_correctable_errors_total{channel="1", controller="0", csrow="0", dimm_label="unknown"} 18446744073709552000
        # node_edac_channel_uncorrectable_errors_total counter
        node_edac_channel_uncorrectable_errors_total{channel="0", controller="0", csrow="0", dimm_label="CPU_SrcID0_MC0_csrow0_channel0"} 9
        # node_edac_correctable_errors_total counter
        node_edac_correctable_errors_total{controller="0"} 1
        # node_edac_csrow_correctable_errors_total counter
        node_edac_csrow_correctable_errors_total{controller="0", csrow="0"} 3
        node_edac_csrow_correctable_errors_total{controller="0", csrow="unknown"} 2
        # node_edac_csrow_uncorrectable_errors_total counter
        node_edac_csrow_uncorrectable_errors_total{controller="0", csrow="0"} 4
        node_edac_csrow_uncorrectable_errors_total{controller="0", csrow="unknown"} 6
        # node_edac_uncorrectable_errors_total counter
        node_edac_uncorrectable_errors_total{controller="0"} 5
    "##]].assert_eq(&render(&mut collector, &tree.root()));
    controller(&tree, 12);
    tree.write(&format!("{MC_DIR}/mc0/ce_count"), "many\n");
    tree.remove(&format!("{MC_DIR}/mc0/csrow0"));
    expect![[r##"
        # node_edac_channel_correctable_errors_total counter
        node_edac_channel_correctable_errors_total{channel="0", controller="12", csrow="0", dimm_label="CPU_SrcID0_MC0_csrow0_channel0"} 8
        node_edac_channel_correctable_errors_total{channel="1", controller="12", csrow="0", dimm_label="unknown"} 18446744073709552000
        # node_edac_channel_uncorrectable_errors_total counter
        node_edac_channel_uncorrectable_errors_total{channel="0", controller="12", csrow="0", dimm_label="CPU_SrcID0_MC0_csrow0_channel0"} 9
        # node_edac_correctable_errors_total counter
        node_edac_correctable_errors_total{controller="12"} 1
        # node_edac_csrow_correctable_errors_total counter
        node_edac_csrow_correctable_errors_total{controller="0", csrow="unknown"} 2
        node_edac_csrow_correctable_errors_total{controller="12", csrow="0"} 3
        node_edac_csrow_correctable_errors_total{controller="12", csrow="unknown"} 2
        # node_edac_csrow_uncorrectable_errors_total counter
        node_edac_csrow_uncorrectable_errors_total{controller="0", csrow="unknown"} 6
        node_edac_csrow_uncorrectable_errors_total{controller="12", csrow="0"} 4
        node_edac_csrow_uncorrectable_errors_total{controller="12", csrow="unknown"} 6
        # node_edac_uncorrectable_errors_total counter
        node_edac_uncorrectable_errors_total{controller="0"} 5
        node_edac_uncorrectable_errors_total{controller="12"} 5
        ! failed to read /sys/devices/system/edac/mc/mc0/ce_count: not a number
    "##]].assert_eq(&render(&mut collector, &tree.root()));
}

#[test]
fn machines_without() {
    let tree = Tree::new();
    expect![[r#"
        ! /sys/devices/system/edac/mc is not there
    "#]]
    .assert_eq(&render(&mut Edac::default(), &tree.root()));
    tree.folder(MC_DIR);
    expect![[r#"
        ! /sys/devices/system/edac/mc/mc0 is not there
    "#]]
    .assert_eq(&render(&mut Edac::default(), &tree.root()));
}

#[test]
fn a_module_that_is_labelled_later() {
    let tree = Tree::new();
    controller(&tree, 0);
    let mut collector = Edac::default();
    let is_labelled = |collector: &mut Edac| render(collector, &tree.root()).contains("dimm_label=\"A1\"");
    assert!(!is_labelled(&mut collector));
    tree.write(&format!("{MC_DIR}/mc0/csrow0/ch0_dimm_label"), "A1\n");
    assert!(!is_labelled(&mut collector));
    assert!((0..LOOK_AGAIN_AFTER).any(|_| is_labelled(&mut collector)));
    assert!(is_labelled(&mut collector));
}
