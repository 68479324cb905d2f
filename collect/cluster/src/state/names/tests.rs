use super::{label_name, sanitized, with_labels};
use crate::objects::Interner;

#[test]
fn names_become_labels() {
    for (name, label) in [
        ("app", "label_app"),
        ("app.kubernetes.io/name", "label_app_kubernetes_io_name"),
        ("helloWorld", "label_hello_world"),
        ("XMLHttpRequest", "label_xmlhttp_request"),
        ("v1Beta2", "label_v1_beta2"),
        ("a--b", "label_a__b"),
        ("a.B", "label_a_b"),
        ("größe", "label_gr__e"),
        ("", "label_"),
    ] {
        assert_eq!(label_name("label", name), label, "{name}");
    }
    assert_eq!(sanitized("nvidia.com/gpu"), "nvidia_com_gpu");
    assert_eq!(sanitized("Cpu_2"), "Cpu_2");
}

#[test]
fn names_that_become_the_same_are_told_apart() {
    let interner = Interner::default();
    let pair = |name: &str, value: &str| (interner.intern(name), interner.intern(value));
    let pairs = [
        pair("a.b", "1"),
        pair("a/b", "2"),
        pair("aB", "3"),
        pair("a_b", "4"),
        pair("c", "5"),
    ];
    with_labels("label", pairs.iter(), |labels| {
        assert_eq!(
            labels,
            [
                ("label_a_b_conflict1", "1"),
                ("label_a_b_conflict2", "2"),
                ("label_a_b_conflict3", "3"),
                ("label_a_b_conflict4", "4"),
                ("label_c", "5"),
            ]
        );
    });
}

proptest::proptest! {
    #[test]
    fn names_are_always_valid(name in ".{0,40}") {
        let label = label_name("label", &name);
        let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        proptest::prop_assert!(label.bytes().all(fine), "{}", label);
    }
}
