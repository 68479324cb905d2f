use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

/// Makes a chip of a device, as a driver does: the device's folder holds the chip's, which links back.
fn chip(tree: &Tree, number: u32, device: &str, files: &[(&str, &str)]) {
    let dir = format!("{device}/hwmon/hwmon{number}");
    for (file, content) in files {
        tree.write(&format!("{dir}/{file}"), content);
    }
    tree.folder(&dir)
        .link(&format!("{dir}/device"), "../../")
        .link(&format!("{HWMON_DIR}/hwmon{number}"), &format!("../../../{dir}"));
}

#[test]
fn sensors_of_a_processor() {
    let tree = Tree::new();
    chip(
        &tree,
        0,
        "sys/devices/platform/coretemp.0",
        &[
            ("name", "coretemp\n"),
            ("temp1_crit", "100000\n"),
            ("temp1_crit_alarm", "0\n"),
            ("temp1_input", "55000\n"),
            ("temp1_label", "Package id 0\n"),
            ("temp1_type", "6\n"),
            ("temp2_input", "\n"),
            ("temp3_fault", "1\n"),
            ("temp3_input", "hot\n"),
            ("uevent", ""),
        ],
    );
    expect![[r##"
        # node_hwmon_chip_names gauge
        node_hwmon_chip_names{chip="platform_coretemp_0", chip_name="coretemp"} 1
        # node_hwmon_sensor_label gauge
        node_hwmon_sensor_label{chip="platform_coretemp_0", label="Package id 0", sensor="temp1"} 1
        # node_hwmon_temp_celsius gauge
        node_hwmon_temp_celsius{chip="platform_coretemp_0", sensor="temp1"} 55
        # node_hwmon_temp_crit_alarm_celsius gauge
        node_hwmon_temp_crit_alarm_celsius{chip="platform_coretemp_0", sensor="temp1"} 0
        # node_hwmon_temp_crit_celsius gauge
        node_hwmon_temp_crit_celsius{chip="platform_coretemp_0", sensor="temp1"} 100
        # node_hwmon_temp_fault gauge
        node_hwmon_temp_fault{chip="platform_coretemp_0", sensor="temp3"} 1
        # node_hwmon_temp_type gauge
        node_hwmon_temp_type{chip="platform_coretemp_0", sensor="temp1"} 6
    "##]]
    .assert_eq(&render(&mut Hwmon::default(), &tree.root()));
}

#[test]
fn every_kind_of_sensor() {
    let tree = Tree::new();
    chip(
        &tree,
        3,
        "sys/devices/pci0000:00/0000:00:18.3",
        &[
            ("name", "Nct6775 X\n"),
            ("beep_enable", "1\n"),
            ("cpu0_vid", "1200\n"),
            ("curr1_input", "1500\n"),
            ("energy1_input", "3000000\n"),
            ("fan1_alarm", "0\n"),
            ("fan1_beep", "1\n"),
            ("fan1_div", "8\n"),
            ("fan1_input", "1098\n"),
            ("fan1_min", "0\n"),
            ("fan1_target", "1200\n"),
            ("freq1_input", "214000000\n"),
            ("freq1_label", "sclk\n"),
            ("freq2_input", "1\n"),
            ("humidity1_input", "45000\n"),
            ("in0_input", "792\n"),
            ("in0_max", "1744\n"),
            ("intrusion0_alarm", "1\n"),
            ("power1_accuracy", "990000\n"),
            ("power1_average", "5345955\n"),
            ("power1_average_interval", "1000\n"),
            ("pwm1", "98\n"),
            ("pwm1_auto_point1_temp", "40000\n"),
            ("pwm1_input", "7\n"),
            ("temp01x_input", "1\n"),
            ("temp99999999999_input", "1\n"),
            ("temp1_", "1\n"),
            ("update_interval", "1500\n"),
            ("vrm", "9.1\n"),
            ("weird1_input", "1\n"),
        ],
    );
    expect![[r##"
        # node_hwmon_beep_enabled gauge
        node_hwmon_beep_enabled{chip="pci0000:00_0000:00:18_3", sensor="beep_enable0"} 1
        # node_hwmon_chip_names gauge
        node_hwmon_chip_names{chip="pci0000:00_0000:00:18_3", chip_name="nct6775_x"} 1
        # node_hwmon_cpu_vid_volts gauge
        node_hwmon_cpu_vid_volts{chip="pci0000:00_0000:00:18_3", sensor="cpu0"} 1.2
        # node_hwmon_curr_amps gauge
        node_hwmon_curr_amps{chip="pci0000:00_0000:00:18_3", sensor="curr1"} 1.5
        # node_hwmon_energy_joule_total counter
        node_hwmon_energy_joule_total{chip="pci0000:00_0000:00:18_3", sensor="energy1"} 3
        # node_hwmon_fan_alarm gauge
        node_hwmon_fan_alarm{chip="pci0000:00_0000:00:18_3", sensor="fan1"} 0
        # node_hwmon_fan_beep_enabled gauge
        node_hwmon_fan_beep_enabled{chip="pci0000:00_0000:00:18_3", sensor="fan1"} 1
        # node_hwmon_fan_div gauge
        node_hwmon_fan_div{chip="pci0000:00_0000:00:18_3", sensor="fan1"} 8
        # node_hwmon_fan_min_rpm gauge
        node_hwmon_fan_min_rpm{chip="pci0000:00_0000:00:18_3", sensor="fan1"} 0
        # node_hwmon_fan_rpm gauge
        node_hwmon_fan_rpm{chip="pci0000:00_0000:00:18_3", sensor="fan1"} 1098
        # node_hwmon_fan_target_rpm gauge
        node_hwmon_fan_target_rpm{chip="pci0000:00_0000:00:18_3", sensor="fan1"} 1200
        # node_hwmon_freq_freq_mhz gauge
        node_hwmon_freq_freq_mhz{chip="pci0000:00_0000:00:18_3", sensor="sclk"} 214
        # node_hwmon_humidity gauge
        node_hwmon_humidity{chip="pci0000:00_0000:00:18_3", sensor="humidity1"} 0.045
        # node_hwmon_in_max_volts gauge
        node_hwmon_in_max_volts{chip="pci0000:00_0000:00:18_3", sensor="in0"} 1.744
        # node_hwmon_in_volts gauge
        node_hwmon_in_volts{chip="pci0000:00_0000:00:18_3", sensor="in0"} 0.792
        # node_hwmon_intrusion_alarm gauge
        node_hwmon_intrusion_alarm{chip="pci0000:00_0000:00:18_3", sensor="intrusion0"} 1
        # node_hwmon_power_accuracy gauge
        node_hwmon_power_accuracy{chip="pci0000:00_0000:00:18_3", sensor="power1"} 0.99
        # node_hwmon_power_average_interval_seconds gauge
        node_hwmon_power_average_interval_seconds{chip="pci0000:00_0000:00:18_3", sensor="power1"} 1
        # node_hwmon_power_average_watt gauge
        node_hwmon_power_average_watt{chip="pci0000:00_0000:00:18_3", sensor="power1"} 5.345955
        # node_hwmon_pwm gauge
        node_hwmon_pwm{chip="pci0000:00_0000:00:18_3", sensor="pwm1"} 98
        # node_hwmon_pwm_auto_point1_temp gauge
        node_hwmon_pwm_auto_point1_temp{chip="pci0000:00_0000:00:18_3", sensor="pwm1"} 40000
        # node_hwmon_pwm_input gauge
        node_hwmon_pwm_input{chip="pci0000:00_0000:00:18_3", sensor="pwm1"} 7
        # node_hwmon_sensor_label gauge
        node_hwmon_sensor_label{chip="pci0000:00_0000:00:18_3", label="sclk", sensor="freq1"} 1
        # node_hwmon_update_interval_seconds gauge
        node_hwmon_update_interval_seconds{chip="pci0000:00_0000:00:18_3", sensor="update_interval0"} 1.5
        # node_hwmon_voltage_regulator_version gauge
        node_hwmon_voltage_regulator_version{chip="pci0000:00_0000:00:18_3", sensor="vrm0"} 9.1
    "##]]
    .assert_eq(&render(&mut Hwmon::default(), &tree.root()));
}

#[test]
fn files_of_the_device_go_first() {
    let tree = Tree::new();
    let device = "sys/devices/platform/f71882fg.1152";
    chip(
        &tree,
        0,
        device,
        &[("temp1_input", "1000\n"), ("temp2_input", "2000\n")],
    );
    tree.write(&format!("{device}/temp1_input"), "3000\n");
    expect![[r##"
        # node_hwmon_temp_celsius gauge
        node_hwmon_temp_celsius{chip="platform_f71882fg_1152", sensor="temp1"} 3
        node_hwmon_temp_celsius{chip="platform_f71882fg_1152", sensor="temp2"} 2
    "##]]
    .assert_eq(&render(&mut Hwmon::default(), &tree.root()));
}

/// Returns the names that chips get.
fn labels(tree: &Tree) -> Vec<String> {
    let root = tree.root();
    chip::find(&root, HWMON_DIR, &root.list(HWMON_DIR).unwrap())
        .into_iter()
        .map(|chip| chip.label)
        .collect()
}

#[test]
fn names_of_chips() {
    let tree = Tree::new();
    chip(&tree, 0, "sys/devices/platform/nct6775.656", &[]);
    // No device: the driver's name, else the folder's.
    tree.write(&format!("{HWMON_DIR}/hwmon1/name"), "acpitz-1\n")
        .folder(&format!("{HWMON_DIR}/hwmon2"))
        .write(&format!("{HWMON_DIR}/stray"), "");
    assert_eq!(labels(&tree), ["platform_nct6775_656", "acpitz_1", "hwmon2"]);
}

#[test]
fn chips_of_one_device_are_told_apart() {
    let tree = Tree::new();
    let device = "sys/devices/platform/asus-nb-wmi";
    chip(&tree, 4, device, &[("name", "asus\n")]);
    chip(&tree, 5, device, &[("name", "asus_custom_fan_curve\n")]);
    assert_eq!(
        labels(&tree),
        [
            "platform_asus_nb_wmi_asus",
            "platform_asus_nb_wmi_asus_custom_fan_curve"
        ]
    );
    chip(&tree, 6, device, &[("name", "asus\n")]);
    chip(&tree, 7, device, &[]);
    assert_eq!(
        labels(&tree),
        [
            "platform_asus_nb_wmi_hwmon4",
            "platform_asus_nb_wmi_asus_custom_fan_curve",
            "platform_asus_nb_wmi_hwmon6",
            "platform_asus_nb_wmi_hwmon7",
        ]
    );
}

#[test]
fn chips_come_and_go() {
    let tree = Tree::new();
    let mut collector = Hwmon::default();
    expect![[r#"
        ! /sys/class/hwmon is not there
    "#]]
    .assert_eq(&render(&mut collector, &tree.root()));
    tree.folder(HWMON_DIR);
    expect![[r#"
        ! /sys/class/hwmon/hwmon0 is not there
    "#]]
    .assert_eq(&render(&mut collector, &tree.root()));
    chip(&tree, 0, "sys/devices/virtual/a", &[("temp1_input", "1000\n")]);
    expect![[r##"
        # node_hwmon_temp_celsius gauge
        node_hwmon_temp_celsius{chip="virtual_a", sensor="temp1"} 1
    "##]]
    .assert_eq(&render(&mut collector, &tree.root()));
    chip(&tree, 1, "sys/devices/virtual/b", &[("temp1_input", "2000\n")]);
    tree.remove("sys/devices/virtual/a/hwmon/hwmon0/temp1_input");
    expect![[r##"
        # node_hwmon_temp_celsius gauge
        node_hwmon_temp_celsius{chip="virtual_b", sensor="temp1"} 2
    "##]]
    .assert_eq(&render(&mut collector, &tree.root()));
}

#[test]
fn files_come_and_go() {
    let tree = Tree::new();
    let dir = "sys/devices/virtual/a";
    chip(&tree, 0, dir, &[("temp1_input", "1000\n")]);
    let mut collector = Hwmon::default();
    let has = |collector: &mut Hwmon, sensor: &str| {
        render(collector, &tree.root()).contains(&format!("sensor=\"{sensor}\""))
    };
    assert!(has(&mut collector, "temp1"));
    // The driver is loaded again and finds another sensor under the same number.
    tree.remove(&format!("{dir}/hwmon/hwmon0/temp1_input"))
        .write(&format!("{dir}/hwmon/hwmon0/temp2_input"), "2000\n");
    assert!(!has(&mut collector, "temp1"));
    assert!(has(&mut collector, "temp2"));
}
