use super::*;
use crate::api::answer::ErrorKind;

fn parse(text: &str) -> Result<Expr, ApiError> {
    promql::parse(text, &promql::Options::STABLE)
        .map_err(|error| ApiError::new(ErrorKind::BadData, error.text(text)))
}

#[test]
fn parses_a_query_once() {
    let parsed = ParsedQueries::default();
    let first = parsed.find_or_parse("up", parse).unwrap();
    let again = parsed.find_or_parse("up", |_| panic!("it is known")).unwrap();
    assert!(Arc::ptr_eq(&first, &again));
}

#[test]
fn keeps_no_mistakes_and_no_more_than_its_bound() {
    let parsed = ParsedQueries::default();
    assert!(parsed.find_or_parse("up{", parse).is_err());
    for n in 0..2 * MAX_QUERIES {
        parsed.find_or_parse(&format!("{n}"), parse).unwrap();
        assert!(parsed.trees.lock().len() <= MAX_QUERIES);
    }
    let before = parsed.trees.lock().len();
    parsed
        .find_or_parse(&"1+".repeat(MAX_TEXT_BYTES).replace("1+1+", "1 +1+"), parse)
        .unwrap_err();
    assert_eq!(parsed.trees.lock().len(), before);
}
