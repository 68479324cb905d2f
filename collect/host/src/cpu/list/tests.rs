use super::*;
use crate::testing::Tree;

#[test]
fn lists_of_cpus() {
    let check = |text: &str, expected: &[u64]| {
        let list = CpuList::parse(text.as_bytes()).unwrap();
        assert_eq!(list.iter().collect::<Vec<_>>(), expected, "{text:?}");
        assert!(expected.iter().all(|cpu| list.contains(*cpu)));
        assert!(!list.contains(99));
    };
    check("", &[]);
    check("\n", &[]);
    check("3\n", &[3]);
    check("0-2,5,7-8\n", &[0, 1, 2, 5, 7, 8]);
    for garbage in ["a", "1-", "3-1", "1-2-3", "0-99999999999", "-1"] {
        assert_eq!(CpuList::parse(garbage.as_bytes()), None, "{garbage:?}");
    }
}

#[test]
fn numbers_of_folders() {
    let tree = Tree::new();
    for name in ["cpu0", "cpu2", "cpu10", "cpufreq", "cpuidle", "cpux"] {
        tree.folder(&format!("{CPU_DIR}/{name}"));
    }
    assert_eq!(cpu_numbers(&tree.root()).unwrap(), [0, 10, 2]);
}
