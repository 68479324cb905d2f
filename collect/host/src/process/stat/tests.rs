use super::*;

const REST: &str =
    "S 1 2 3 0 -1 4194560 10 11 12 13 150 50 1 2 20 0 7 0 4200 8192 30 18446744073709551615 1 1";

#[test]
fn all_fields() {
    let line = format!("12 (sh) {REST}\n");
    let stat = Stat::parse(line.as_bytes()).unwrap();
    assert_eq!(
        stat,
        Stat {
            comm: "sh",
            kernel: false,
            user: 150,
            system: 50,
            threads: 7,
            start: 4200,
            virtual_bytes: 8192,
            resident_pages: 30,
        }
    );
}

#[test]
fn names_hold_any_byte() {
    for comm in ["a b", "a) S 1 (b", "((", "))", "", "(sd-pam)", "x\ny"] {
        let line = format!("12 ({comm}) {REST}\n");
        let stat = Stat::parse(line.as_bytes()).unwrap();
        assert_eq!((stat.comm, stat.start), (comm, 4200));
    }
    let line = [b"12 (\xff\xfe) ", REST.as_bytes()].concat();
    assert_eq!(Stat::parse(&line).unwrap().comm, "\u{FFFD}");
}

#[test]
fn kernel_threads_have_a_flag() {
    let line = format!("2 (kthreadd) {}", REST.replace("4194560", "2129984"));
    assert!(Stat::parse(line.as_bytes()).unwrap().kernel);
}

#[test]
fn a_negative_resident_size_is_none() {
    let line = format!("2 (a) {}", REST.replace(" 30 ", " -4 "));
    assert_eq!(Stat::parse(line.as_bytes()).unwrap().resident_pages, 0);
}

#[test]
fn cut_files_are_not_understood() {
    let line = format!("12 (sh) {REST}");
    // Up to the last field that is used.
    let end = line.find(" 30 ").unwrap() + 1;
    for (cut, _) in line.char_indices().take_while(|(cut, _)| *cut <= end) {
        assert_eq!(Stat::parse(&line.as_bytes()[..cut]), None, "{cut}");
    }
    assert_eq!(Stat::parse(b") ("), None);
}
