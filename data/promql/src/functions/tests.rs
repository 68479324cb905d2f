use super::*;

#[test]
fn the_table_is_sorted_and_told() {
    let names: Vec<_> = functions().iter().map(|f| f.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(names.len(), 91);
    for function in functions() {
        assert!(function.signature.starts_with(function.name), "{}", function.name);
        assert!(function.description.ends_with('.'), "{}", function.name);
        assert!(function.min_args <= function.args.len(), "{}", function.name);
    }
}

#[test]
fn near_names_are_found() {
    let names = || functions().iter().map(|f| f.name);
    assert_eq!(nearest("rat", names()), Some("rate"));
    assert_eq!(nearest("histogram_quantil", names()), Some("histogram_quantile"));
    assert_eq!(nearest("frobnicate", names()), None);
}

#[test]
fn keywords_hold_operators_and_aggregates() {
    let words = keywords();
    assert!(words.is_sorted());
    assert!(words.contains(&"topk") && words.contains(&"group_left"));
}
