use super::*;

#[test]
fn a_table_is_aligned() {
    let mut table = Table::new("Title.", &["engine", "CPU s"]);
    table.rows.push(vec!["ours".to_owned(), "1.5".to_owned()]);
    table.rows.push(vec!["the other".to_owned(), "12.25".to_owned()]);
    let expected = "Title.\n\n| engine    | CPU s |\n| --------- | ----: |\n| ours      |   1.5 |\n| the other | 12.25 |\n";
    assert_eq!(table.markdown(), expected);
}

#[test]
fn text_between_markers_is_replaced() {
    let text = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n";
    let expected = "a\n<!-- x -->\n\nnew\n<!-- /x -->\nb\n";
    assert_eq!(replace_between(text, "x", "new\n").as_deref(), Some(expected));
    assert_eq!(replace_between(text, "y", "new"), None);
}
