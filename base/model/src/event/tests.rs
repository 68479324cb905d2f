use super::*;

#[test]
fn types_are_read_in_any_case_and_nothing_else_is() {
    for known in [EventType::Normal, EventType::Warning] {
        assert_eq!(EventType::parse(known.as_str()), Some(known));
        assert_eq!(EventType::parse(&known.as_str().to_lowercase()), Some(known));
    }
    assert_eq!(EventType::parse("Error"), None);
    assert_eq!(EventType::parse(""), None);
}

#[test]
fn only_what_can_never_be_stored_is_not_tried_again() {
    let refused = EventLogError::Refused {
        reason: "too long".to_owned(),
    };
    assert!(!refused.retryable());
    assert!(EventLogError::Overloaded { waiting_bytes: 1 }.retryable());
    assert_eq!(refused.to_string(), "events are refused: too long");
}
