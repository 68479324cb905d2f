//! Files of a power supply with the families they become.

use model::Family;

/// Millionths to units.
const MICRO: f64 = 1e6;
/// Tenths to units.
const TENTHS: f64 = 10.0;

/// A file, its family and what its number is divided by.
type Number = (&'static str, Family<'static>, f64);

/// Files that hold a number.
pub(super) const NUMBERS: [Number; 49] = [
    (
        "authentic",
        Family::gauge(
            "node_power_supply_authentic",
            "Authentic, as the driver gives it.",
        ),
        1.0,
    ),
    (
        "calibrate",
        Family::gauge(
            "node_power_supply_calibrate",
            "Calibrate, as the driver gives it.",
        ),
        1.0,
    ),
    (
        "capacity",
        Family::gauge("node_power_supply_capacity", "Capacity, in percent."),
        1.0,
    ),
    (
        "capacity_alert_max",
        Family::gauge(
            "node_power_supply_capacity_alert_max",
            "Capacity alert max, in percent.",
        ),
        1.0,
    ),
    (
        "capacity_alert_min",
        Family::gauge(
            "node_power_supply_capacity_alert_min",
            "Capacity alert min, in percent.",
        ),
        1.0,
    ),
    (
        "charge_control_limit",
        Family::gauge(
            "node_power_supply_charge_control_limit",
            "Charge control limit, in amperes.",
        ),
        MICRO,
    ),
    (
        "charge_control_limit_max",
        Family::gauge(
            "node_power_supply_charge_control_limit_max",
            "Charge control limit max, in amperes.",
        ),
        MICRO,
    ),
    (
        "charge_counter",
        Family::gauge(
            "node_power_supply_charge_counter",
            "Charge counter, in ampere-hours.",
        ),
        MICRO,
    ),
    (
        "charge_empty",
        Family::gauge("node_power_supply_charge_empty", "Charge empty, in ampere-hours."),
        MICRO,
    ),
    (
        "charge_empty_design",
        Family::gauge(
            "node_power_supply_charge_empty_design",
            "Charge empty design, in ampere-hours.",
        ),
        MICRO,
    ),
    (
        "charge_full",
        Family::gauge("node_power_supply_charge_full", "Charge full, in ampere-hours."),
        MICRO,
    ),
    (
        "charge_full_design",
        Family::gauge(
            "node_power_supply_charge_full_design",
            "Charge full design, in ampere-hours.",
        ),
        MICRO,
    ),
    (
        "charge_now",
        Family::gauge("node_power_supply_charge_ampere", "Charge now, in ampere-hours."),
        MICRO,
    ),
    (
        "charge_term_current",
        Family::gauge(
            "node_power_supply_charge_term_current",
            "Charge term current, in amperes.",
        ),
        MICRO,
    ),
    (
        "constant_charge_current",
        Family::gauge(
            "node_power_supply_constant_charge_current",
            "Constant charge current, in amperes.",
        ),
        MICRO,
    ),
    (
        "constant_charge_current_max",
        Family::gauge(
            "node_power_supply_constant_charge_current_max",
            "Constant charge current max, in amperes.",
        ),
        MICRO,
    ),
    (
        "constant_charge_voltage",
        Family::gauge(
            "node_power_supply_constant_charge_voltage",
            "Constant charge voltage, in volts.",
        ),
        MICRO,
    ),
    (
        "constant_charge_voltage_max",
        Family::gauge(
            "node_power_supply_constant_charge_voltage_max",
            "Constant charge voltage max, in volts.",
        ),
        MICRO,
    ),
    (
        "current_boot",
        Family::gauge("node_power_supply_current_boot", "Current boot, in amperes."),
        MICRO,
    ),
    (
        "current_max",
        Family::gauge("node_power_supply_current_max", "Current max, in amperes."),
        MICRO,
    ),
    (
        "current_now",
        Family::gauge("node_power_supply_current_ampere", "Current now, in amperes."),
        MICRO,
    ),
    (
        "cycle_count",
        Family::gauge(
            "node_power_supply_cyclecount",
            "Cycle count, as the driver gives it.",
        ),
        1.0,
    ),
    (
        "energy_empty",
        Family::gauge("node_power_supply_energy_empty", "Energy empty, in watt-hours."),
        MICRO,
    ),
    (
        "energy_empty_design",
        Family::gauge(
            "node_power_supply_energy_empty_design",
            "Energy empty design, in watt-hours.",
        ),
        MICRO,
    ),
    (
        "energy_full",
        Family::gauge("node_power_supply_energy_full", "Energy full, in watt-hours."),
        MICRO,
    ),
    (
        "energy_full_design",
        Family::gauge(
            "node_power_supply_energy_full_design",
            "Energy full design, in watt-hours.",
        ),
        MICRO,
    ),
    (
        "energy_now",
        Family::gauge("node_power_supply_energy_watthour", "Energy now, in watt-hours."),
        MICRO,
    ),
    (
        "input_current_limit",
        Family::gauge(
            "node_power_supply_input_current_limit",
            "Input current limit, in amperes.",
        ),
        MICRO,
    ),
    (
        "online",
        Family::gauge("node_power_supply_online", "Online, as the driver gives it."),
        1.0,
    ),
    (
        "power_now",
        Family::gauge("node_power_supply_power_watt", "Power now, in watts."),
        MICRO,
    ),
    (
        "precharge_current",
        Family::gauge(
            "node_power_supply_precharge_current",
            "Precharge current, in amperes.",
        ),
        MICRO,
    ),
    (
        "present",
        Family::gauge("node_power_supply_present", "Present, as the driver gives it."),
        1.0,
    ),
    (
        "temp",
        Family::gauge("node_power_supply_temp_celsius", "Temp, in degrees Celsius."),
        TENTHS,
    ),
    (
        "temp_alert_max",
        Family::gauge(
            "node_power_supply_temp_alert_max_celsius",
            "Temp alert max, in degrees Celsius.",
        ),
        TENTHS,
    ),
    (
        "temp_alert_min",
        Family::gauge(
            "node_power_supply_temp_alert_min_celsius",
            "Temp alert min, in degrees Celsius.",
        ),
        TENTHS,
    ),
    (
        "temp_ambient",
        Family::gauge(
            "node_power_supply_temp_ambient_celsius",
            "Temp ambient, in degrees Celsius.",
        ),
        TENTHS,
    ),
    (
        "temp_ambient_max",
        Family::gauge(
            "node_power_supply_temp_ambient_max_celsius",
            "Temp ambient max, in degrees Celsius.",
        ),
        TENTHS,
    ),
    (
        "temp_ambient_min",
        Family::gauge(
            "node_power_supply_temp_ambient_min_celsius",
            "Temp ambient min, in degrees Celsius.",
        ),
        TENTHS,
    ),
    (
        "temp_max",
        Family::gauge(
            "node_power_supply_temp_max_celsius",
            "Temp max, in degrees Celsius.",
        ),
        TENTHS,
    ),
    (
        "temp_min",
        Family::gauge(
            "node_power_supply_temp_min_celsius",
            "Temp min, in degrees Celsius.",
        ),
        TENTHS,
    ),
    (
        "time_to_empty_now",
        Family::gauge(
            "node_power_supply_time_to_empty_seconds",
            "Time to empty now, in seconds.",
        ),
        1.0,
    ),
    (
        "time_to_full_now",
        Family::gauge(
            "node_power_supply_time_to_full_seconds",
            "Time to full now, in seconds.",
        ),
        1.0,
    ),
    (
        "voltage_boot",
        Family::gauge("node_power_supply_voltage_boot", "Voltage boot, in volts."),
        MICRO,
    ),
    (
        "voltage_max",
        Family::gauge("node_power_supply_voltage_max", "Voltage max, in volts."),
        MICRO,
    ),
    (
        "voltage_max_design",
        Family::gauge(
            "node_power_supply_voltage_max_design",
            "Voltage max design, in volts.",
        ),
        MICRO,
    ),
    (
        "voltage_min",
        Family::gauge("node_power_supply_voltage_min", "Voltage min, in volts."),
        MICRO,
    ),
    (
        "voltage_min_design",
        Family::gauge(
            "node_power_supply_voltage_min_design",
            "Voltage min design, in volts.",
        ),
        MICRO,
    ),
    (
        "voltage_now",
        Family::gauge("node_power_supply_voltage_volt", "Voltage now, in volts."),
        MICRO,
    ),
    (
        "voltage_ocv",
        Family::gauge("node_power_supply_voltage_ocv", "Voltage ocv, in volts."),
        MICRO,
    ),
];

/// Files that hold a text, which become labels of the same names.
pub(super) const TEXTS: [&str; 11] = [
    "capacity_level",
    "charge_type",
    "health",
    "manufacturer",
    "model_name",
    "serial_number",
    "status",
    "technology",
    "type",
    "usb_type",
    "scope",
];
