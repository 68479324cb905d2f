//! Answers to OTLP requests: nothing if all was taken, else how many points were refused and why.

use crate::protobuf::{push_int, push_message, push_text};

/// Returns an `ExportMetricsServiceResponse` in protobuf.
pub fn encode_otlp_response_protobuf(refused_points: usize, message: &str) -> Vec<u8> {
    let mut out = Vec::new();
    if refused_points > 0 || !message.is_empty() {
        push_message(&mut out, 1, |out| {
            push_int(out, 1, refused_points as u64);
            push_text(out, 2, message);
        });
    }
    out
}

/// Returns an `ExportMetricsServiceResponse` in JSON; 64-bit numbers are text there.
pub fn encode_otlp_response_json(refused_points: usize, message: &str) -> String {
    if refused_points == 0 && message.is_empty() {
        return "{}".to_owned();
    }
    serde_json::json!({
        "partialSuccess": {
            "rejectedDataPoints": refused_points.to_string(),
            "errorMessage": message,
        }
    })
    .to_string()
}
