use super::*;

#[test]
fn digits_compare_as_numbers() {
    let mut names = vec!["cpu10", "cpu9", "cpu", "cpu1", "CPU2", "10", "9", "cpu1a"];
    names.sort_by(|a, b| natural(a, b));
    assert_eq!(
        names,
        ["9", "10", "CPU2", "cpu", "cpu1", "cpu1a", "cpu9", "cpu10"]
    );
}
