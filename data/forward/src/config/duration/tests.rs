use super::*;

#[test]
fn reads_what_prometheus_reads() {
    let check = |text: &str, expected: Option<u64>| {
        assert_eq!(
            parse_duration(text),
            expected.map(Duration::from_millis),
            "{text:?}"
        );
    };
    check("0", Some(0));
    check("30ms", Some(30));
    check("5s", Some(5_000));
    check("1h30m", Some(5_400_000));
    check("1y2w3d", Some((365 + 14 + 3) * 86_400_000));
    check("", None);
    check("5", None);
    check("s", None);
    check("5x", None);
    check("30m1h", None);
    check("1s1s", None);
    check("1.5s", None);
    check("99999999999999999999y", None);
}
