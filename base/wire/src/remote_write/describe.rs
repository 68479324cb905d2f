//! Refused series in words for people, whatever their bytes are.

/// Labels shown of a refused series, and bytes shown of each name and value.
const MAX_SHOWN_LABELS: usize = 8;
const MAX_SHOWN_BYTES: usize = 64;

/// Writes labels as sent, shortened.
pub(super) fn describe_labels<'a>(labels: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> String {
    let mut shown = Vec::new();
    for (name, value) in labels {
        if shown.len() == MAX_SHOWN_LABELS {
            shown.push("…".to_owned());
            break;
        }
        shown.push(format!("{}={:?}", shorten(name), shorten(value)));
    }
    format!("{{{}}}", shown.join(", "))
}

/// Cuts text for people.
pub(super) fn shorten(text: &[u8]) -> String {
    let head = text.get(..MAX_SHOWN_BYTES).unwrap_or(text);
    let mut shown = String::from_utf8_lossy(head).into_owned();
    if head.len() < text.len() {
        shown.push('…');
    }
    shown
}
