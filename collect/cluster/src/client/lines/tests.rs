use super::LineBuffer;

fn check(limit: usize, pieces: &[&str], expected: &[&str]) -> LineBuffer {
    let mut lines = LineBuffer::new(limit);
    let got: Vec<String> = pieces
        .iter()
        .map(|piece| String::from_utf8(lines.feed(piece.as_bytes())).expect("pieces are text"))
        .collect();
    assert_eq!(got, expected);
    lines
}

#[test]
fn lines_come_out_when_they_are_whole() {
    let lines = check(
        100,
        &["{\"a\":", "1}\n{\"b\":2}\n{", "}", "\n\n"],
        &["", "{\"a\":1}\n{\"b\":2}\n", "", "{}\n\n"],
    );
    assert!(!lines.lost_a_line());
}

#[test]
fn a_line_over_the_bound_is_left_out_and_noted() {
    let lines = check(4, &["12345", "678", "9\nab\n"], &["", "", "ab\n"]);
    assert!(lines.lost_a_line());
}
