use super::AllowList;

fn check(list: &str, expected: &[(&str, &[&str])]) {
    let read = AllowList::parse(list).unwrap_or_else(|e| panic!("{e}"));
    let read: Vec<_> = read.0.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(k, v)| {
            (
                (*k).to_owned(),
                v.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(read, expected, "{list}");
}

#[test]
fn lists_are_read() {
    check("", &[]);
    check("pods=[]", &[("pods", &[])]);
    check("pods=[app]", &[("pods", &["app"])]);
    check(
        "pods=[app.kubernetes.io/name, team],nodes=[*]",
        &[("nodes", &["*"]), ("pods", &["app.kubernetes.io/name", "team"])],
    );
    check("*=[*]", &[("*", &["*"])]);
}

#[test]
fn what_is_no_list_is_refused() {
    for list in [
        "pods",
        "pods=",
        "pods=app",
        "pods=[app",
        "pods=[app],",
        "pods=[app]x",
        "=[a]",
        "pods=[a,]",
        "pods=[,a]",
    ] {
        assert!(AllowList::parse(list).is_err(), "{list}");
    }
}
