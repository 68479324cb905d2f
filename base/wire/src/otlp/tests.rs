use std::fmt::Write as _;

use expect_test::{Expect, expect};
use model::Batch;

use super::*;
use crate::format_float;
use crate::protobuf::{push_bytes, push_double, push_fixed64, push_int, push_message, push_sint, push_text};

/// A request with every kind of metric, as the specification's examples write JSON.
const REQUEST: &str = r#"{"resourceMetrics": [{
  "resource": {"attributes": [
    {"key": "service.name", "value": {"stringValue": "shop"}},
    {"key": "service.namespace", "value": {"stringValue": "eu"}},
    {"key": "service.instance.id", "value": {"stringValue": "shop-1"}},
    {"key": "cloud.region", "value": {"stringValue": "west"}},
    {"key": "replicas", "value": {"intValue": "3"}}
  ]},
  "scopeMetrics": [{"scope": {"name": "lib", "version": "1.0"}, "metrics": [
    {"name": "queue.length", "unit": "{items}", "description": "Waiting.", "gauge": {"dataPoints": [
      {"asInt": "7", "timeUnixNano": "2000000000", "attributes": [
        {"key": "http.method", "value": {"stringValue": "GET"}},
        {"key": "http_method", "value": {"stringValue": "POST"}},
        {"key": "ok", "value": {"boolValue": true}},
        {"key": "share", "value": {"doubleValue": 0.5}},
        {"key": "list", "value": {"arrayValue": {"values": [{"intValue": 1}, {"stringValue": "a"}]}}}
      ]},
      {"asDouble": 1, "timeUnixNano": "3000000000", "flags": 1}
    ]}},
    {"name": "requests", "unit": "1", "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [
      {"asDouble": 10.5, "startTimeUnixNano": "1000000000", "timeUnixNano": "2000000000", "exemplars": [
        {"asDouble": 1.5, "timeUnixNano": "1500000000", "traceId": "5B8EFFF798038103D269B633813FC60C",
         "spanId": "0000000000000000", "filteredAttributes": [{"key": "user", "value": {"stringValue": "u"}}]}
      ]}
    ]}},
    {"name": "latency", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [
      {"count": "6", "sum": 2.5, "bucketCounts": ["1", "2", "3"], "explicitBounds": [0.1, 1],
       "startTimeUnixNano": "1000000000", "timeUnixNano": "2000000000", "exemplars": [
        {"asDouble": 0.5, "timeUnixNano": "1500000000", "spanId": "EEE19B7EC3C1B174"},
        {"asDouble": 5, "timeUnixNano": "1600000000"}
      ]}
    ]}},
    {"name": "size", "unit": "By", "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [
      {"count": "11", "sum": 100, "scale": 9, "zeroCount": "2", "timeUnixNano": "2000000000",
       "positive": {"offset": -3, "bucketCounts": ["1", "0", "2", "0", "0", "0", "0", "0", "0", "0", "0", "4"]},
       "negative": {"offset": 0, "bucketCounts": ["2"]}}
    ]}},
    {"name": "gc", "summary": {"dataPoints": [
      {"count": "4", "sum": 0.25, "timeUnixNano": "2000000000",
       "quantileValues": [{"quantile": 0.5, "value": 0.01}, {"quantile": 1, "value": 0.2}]}
    ]}},
    {"name": "deltas", "sum": {"aggregationTemporality": 1, "dataPoints": [
      {"asInt": 5, "timeUnixNano": "2000000000"}]}}
  ]}]
}]}"#;

fn json(text: &str) -> OtlpRequest {
    decode_otlp_json(text.as_bytes(), &OtlpLimits::default()).unwrap()
}

/// Shows what a request became, one line a sample.
fn show(request: &OtlpRequest, settings: &OtlpSettings) -> String {
    let mut batch = Batch::default();
    let told = request.translate(settings, &mut batch);
    let mut out = String::new();
    for (i, row) in batch.rows().iter().enumerate() {
        let i = u32::try_from(i).unwrap();
        let labels = batch.labels(row).to_labels();
        let value = match batch.histograms().iter().find(|(at, _)| *at == i) {
            Some((_, h)) => format!(
                "histogram schema {} count {} sum {} zero {} {:?} {:?} {:?}",
                h.schema, h.count, h.sum, h.zero_count, h.positive, h.negative, h.custom_values
            ),
            None if model::is_stale(row.value) => "stale".to_owned(),
            None => format_float(row.value),
        };
        let start = batch.starts().iter().find(|(at, _)| *at == i);
        let start = start.map_or_else(String::new, |(_, start)| format!(" since {start}"));
        writeln!(out, "{labels} {value} @{}{start}", row.timestamp).unwrap();
    }
    for exemplar in batch.exemplars() {
        let labels = batch.exemplar_labels(exemplar).to_labels();
        let e = &exemplar.exemplar;
        writeln!(out, "{labels} # {} {} @{}", e.labels, e.value, e.timestamp).unwrap();
    }
    for (name, m) in batch.metadata() {
        writeln!(out, "{name}: {} {:?} {:?}", m.metric_type, m.help, m.unit).unwrap();
    }
    for refusal in &told.refusals {
        writeln!(out, "refused {}: {}", refusal.metric, refusal.reason).unwrap();
    }
    let counts = (told.points, told.samples, told.histograms, told.exemplars);
    writeln!(
        out,
        "{counts:?} refused {}, collisions {}",
        told.refused_points, told.label_collisions
    )
    .unwrap();
    out
}

fn check(request: &OtlpRequest, settings: &OtlpSettings, expected: &Expect) {
    expected.assert_eq(&show(request, settings));
}

#[test]
fn translates_every_kind() {
    check(
        &json(REQUEST),
        &OtlpSettings::default(),
        &expect![[r#"
        queue_length{http_method="GET;POST", instance="shop-1", job="eu/shop", list="[1,\"a\"]", ok="true", share="0.5"} 7 @2000
        queue_length{instance="shop-1", job="eu/shop"} stale @3000
        requests_total{instance="shop-1", job="eu/shop"} 10.5 @2000 since 1000
        latency_seconds_sum{instance="shop-1", job="eu/shop"} 2.5 @2000 since 1000
        latency_seconds_count{instance="shop-1", job="eu/shop"} 6 @2000 since 1000
        latency_seconds_bucket{instance="shop-1", job="eu/shop", le="0.1"} 1 @2000 since 1000
        latency_seconds_bucket{instance="shop-1", job="eu/shop", le="1"} 3 @2000 since 1000
        latency_seconds_bucket{instance="shop-1", job="eu/shop", le="+Inf"} 6 @2000 since 1000
        size_bytes{instance="shop-1", job="eu/shop"} histogram schema 8 count 11 sum 100 zero 2 Buckets { spans: [Span { offset: -1, length: 2 }, Span { offset: 4, length: 1 }], counts: [1.0, 2.0, 4.0] } Buckets { spans: [Span { offset: 1, length: 1 }], counts: [2.0] } [] @2000
        gc_sum{instance="shop-1", job="eu/shop"} 0.25 @2000
        gc_count{instance="shop-1", job="eu/shop"} 4 @2000
        gc{instance="shop-1", job="eu/shop", quantile="0.5"} 0.01 @2000
        gc{instance="shop-1", job="eu/shop", quantile="1"} 0.2 @2000
        target_info{cloud_region="west", instance="shop-1", job="eu/shop", replicas="3"} 1 @2000
        target_info{cloud_region="west", instance="shop-1", job="eu/shop", replicas="3"} 1 @3000
        requests_total{instance="shop-1", job="eu/shop"} # {trace_id="5b8efff798038103d269b633813fc60c", user="u"} 1.5 @1500
        latency_seconds_bucket{instance="shop-1", job="eu/shop", le="1"} # {span_id="eee19b7ec3c1b174"} 0.5 @1500
        latency_seconds_bucket{instance="shop-1", job="eu/shop", le="+Inf"} # {} 5 @1600
        queue_length: gauge "Waiting." ""
        requests_total: counter "" ""
        latency_seconds: histogram "" "seconds"
        size_bytes: histogram "" "bytes"
        gc: summary "" ""
        target_info: gauge "Target metadata" ""
        refused deltas: values are deltas; send cumulative values, or configure the receiver to store deltas
        (6, 14, 1, 3) refused 1, collisions 1
    "#]],
    );
}

#[test]
fn settings_change_names_labels_and_histograms() {
    let settings = OtlpSettings {
        translation: TranslationStrategy::NoTranslation,
        promotion: Promotion::AllBut([String::from("replicas")].into()),
        keep_identifying_attributes: true,
        explicit_histograms_as_native: true,
        promote_scope: true,
        delta: DeltaHandling::Store,
        type_and_unit_labels: true,
        ..OtlpSettings::default()
    };
    check(
        &json(REQUEST),
        &settings,
        &expect![[r#"
        queue.length{__type__="gauge", cloud.region="west", http.method="GET", http_method="POST", instance="shop-1", job="eu/shop", list="[1,\"a\"]", ok="true", otel_scope_name="lib", otel_scope_version="1.0", service.instance.id="shop-1", service.name="shop", service.namespace="eu", share="0.5"} 7 @2000
        queue.length{__type__="gauge", cloud.region="west", instance="shop-1", job="eu/shop", otel_scope_name="lib", otel_scope_version="1.0", service.instance.id="shop-1", service.name="shop", service.namespace="eu"} stale @3000
        requests{__type__="counter", cloud.region="west", instance="shop-1", job="eu/shop", otel_scope_name="lib", otel_scope_version="1.0", service.instance.id="shop-1", service.name="shop", service.namespace="eu"} 10.5 @2000 since 1000
        latency{__type__="histogram", __unit__="seconds", cloud.region="west", instance="shop-1", job="eu/shop", otel_scope_name="lib", otel_scope_version="1.0", service.instance.id="shop-1", service.name="shop", service.namespace="eu"} histogram schema -53 count 6 sum 2.5 zero 0 Buckets { spans: [Span { offset: 0, length: 3 }], counts: [1.0, 2.0, 3.0] } Buckets { spans: [], counts: [] } [0.1, 1.0] @2000 since 1000
        size{__type__="histogram", __unit__="bytes", cloud.region="west", instance="shop-1", job="eu/shop", otel_scope_name="lib", otel_scope_version="1.0", service.instance.id="shop-1", service.name="shop", service.namespace="eu"} histogram schema 8 count 11 sum 100 zero 2 Buckets { spans: [Span { offset: -1, length: 2 }, Span { offset: 4, length: 1 }], counts: [1.0, 2.0, 4.0] } Buckets { spans: [Span { offset: 1, length: 1 }], counts: [2.0] } [] @2000
        gc_sum{__type__="summary", cloud.region="west", instance="shop-1", job="eu/shop", otel_scope_name="lib", otel_scope_version="1.0", service.instance.id="shop-1", service.name="shop", service.namespace="eu"} 0.25 @2000
        gc_count{__type__="summary", cloud.region="west", instance="shop-1", job="eu/shop", otel_scope_name="lib", otel_scope_version="1.0", service.instance.id="shop-1", service.name="shop", service.namespace="eu"} 4 @2000
        gc{__type__="summary", cloud.region="west", instance="shop-1", job="eu/shop", otel_scope_name="lib", otel_scope_version="1.0", quantile="0.5", service.instance.id="shop-1", service.name="shop", service.namespace="eu"} 0.01 @2000
        gc{__type__="summary", cloud.region="west", instance="shop-1", job="eu/shop", otel_scope_name="lib", otel_scope_version="1.0", quantile="1", service.instance.id="shop-1", service.name="shop", service.namespace="eu"} 0.2 @2000
        deltas{cloud.region="west", instance="shop-1", job="eu/shop", otel_scope_name="lib", otel_scope_version="1.0", service.instance.id="shop-1", service.name="shop", service.namespace="eu"} 5 @2000
        target_info{cloud.region="west", instance="shop-1", job="eu/shop", replicas="3", service.instance.id="shop-1", service.name="shop", service.namespace="eu"} 1 @2000
        target_info{cloud.region="west", instance="shop-1", job="eu/shop", replicas="3", service.instance.id="shop-1", service.name="shop", service.namespace="eu"} 1 @3000
        requests{__type__="counter", cloud.region="west", instance="shop-1", job="eu/shop", otel_scope_name="lib", otel_scope_version="1.0", service.instance.id="shop-1", service.name="shop", service.namespace="eu"} # {trace_id="5b8efff798038103d269b633813fc60c", user="u"} 1.5 @1500
        latency{__type__="histogram", __unit__="seconds", cloud.region="west", instance="shop-1", job="eu/shop", otel_scope_name="lib", otel_scope_version="1.0", service.instance.id="shop-1", service.name="shop", service.namespace="eu"} # {span_id="eee19b7ec3c1b174"} 0.5 @1500
        latency{__type__="histogram", __unit__="seconds", cloud.region="west", instance="shop-1", job="eu/shop", otel_scope_name="lib", otel_scope_version="1.0", service.instance.id="shop-1", service.name="shop", service.namespace="eu"} # {} 5 @1600
        queue.length: gauge "Waiting." ""
        requests: counter "" ""
        latency: histogram "" "seconds"
        size: histogram "" "bytes"
        gc: summary "" ""
        deltas: unknown "" ""
        target_info: gauge "Target metadata" ""
        (7, 10, 2, 3) refused 0, collisions 0
    "#]],
    );
}

/// Writes an attribute with a string value as field `number`.
fn push_attribute(out: &mut Vec<u8>, number: u64, (key, value): (&str, &str)) {
    push_message(out, number, |out| {
        push_text(out, 1, key);
        push_message(out, 2, |out| push_text(out, 1, value));
    });
}

/// A request in protobuf with one metric.
fn request(metric: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut body = Vec::new();
    push_message(&mut body, 1, |out| {
        push_message(out, 1, |out| push_attribute(out, 1, ("service.name", "shop")));
        push_message(out, 2, |out| push_message(out, 2, metric));
    });
    body
}

fn protobuf(body: &[u8]) -> OtlpRequest {
    decode_otlp_protobuf(body, &OtlpLimits::default()).unwrap()
}

#[test]
fn both_encodings_say_the_same() {
    let exponential = request(|out| {
        push_text(out, 1, "size");
        push_message(out, 10, |out| {
            push_message(out, 1, |out| {
                push_attribute(out, 1, ("a", "b"));
                push_fixed64(out, 2, 1_000_000_000);
                push_fixed64(out, 3, 2_000_000_000);
                push_fixed64(out, 4, 6);
                push_double(out, 5, 2.5);
                push_sint(out, 6, -1);
                push_fixed64(out, 7, 1);
                push_message(out, 8, |out| {
                    push_sint(out, 1, -2);
                    push_bytes(out, 2, &[3, 2]);
                });
                push_message(out, 11, |out| {
                    push_fixed64(out, 2, 1_500_000_000);
                    push_bytes(out, 4, &[0xab; 8]);
                    push_fixed64(out, 6, 4);
                });
                push_double(out, 14, 0.5);
            });
            push_int(out, 2, 2);
        });
    });
    let same = json(
        r#"{"resourceMetrics": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
        "scopeMetrics": [{"metrics": [{"name": "size", "exponentialHistogram": {"aggregationTemporality":
        "AGGREGATION_TEMPORALITY_CUMULATIVE", "dataPoints": [{"attributes": [{"key": "a", "value": {"stringValue": "b"}}],
        "startTimeUnixNano": "1000000000", "timeUnixNano": 2000000000, "count": 6, "sum": 2.5, "scale": -1,
        "zeroCount": "1", "zeroThreshold": 0.5, "positive": {"offset": -2, "bucketCounts": [3, 2]},
        "exemplars": [{"timeUnixNano": "1500000000", "spanId": "abababababababab", "asInt": "4"}]}]}}]}]}]}"#,
    );
    assert_eq!(protobuf(&exponential), same);

    let sum = request(|out| {
        push_text(out, 1, "n");
        push_text(out, 2, "Help.");
        push_text(out, 3, "By");
        push_message(out, 7, |out| {
            push_message(out, 1, |out| {
                push_fixed64(out, 3, 2_000_000_000);
                push_fixed64(out, 6, (-4_i64).cast_unsigned());
                push_message(out, 7, |out| {
                    push_text(out, 1, "map");
                    push_message(out, 2, |out| {
                        push_message(out, 6, |out| push_attribute(out, 1, ("k", "v")));
                    });
                });
                push_message(out, 7, |out| {
                    push_text(out, 1, "raw");
                    push_message(out, 2, |out| push_bytes(out, 7, b"hello"));
                });
                push_int(out, 8, 1);
            });
            push_int(out, 2, 1);
            push_int(out, 3, 1);
        });
    });
    let same = json(
        r#"{"resourceMetrics": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
        "scopeMetrics": [{"metrics": [{"name": "n", "description": "Help.", "unit": "By", "sum": {
        "aggregationTemporality": 1, "isMonotonic": true, "dataPoints": [{"timeUnixNano": "2000000000", "asInt": "-4",
        "flags": 1, "attributes": [{"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value":
        {"stringValue": "v"}}]}}}, {"key": "raw", "value": {"bytesValue": "aGVsbG8="}}]}]}}]}]}]}"#,
    );
    assert_eq!(protobuf(&sum), same);
}

#[test]
fn refuses_point_by_point() {
    let text = r#"{"resourceMetrics": [{"scopeMetrics": [{"metrics": [
      {"name": "h", "histogram": {"aggregationTemporality": 2, "dataPoints": [
        {"count": 3, "bucketCounts": [1, 1], "explicitBounds": [1]},
        {"count": 2, "bucketCounts": [1], "explicitBounds": [1]},
        {"count": 2, "bucketCounts": [1, 1], "explicitBounds": [1]},
        {"count": 2, "bucketCounts": [1, 1], "explicitBounds": ["NaN"]}
      ]}},
      {"name": "e", "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [{"scale": -5}]}},
      {"name": "u", "sum": {"dataPoints": [{"asInt": 1}, {"asInt": 2}]}},
      {"name": "nothing"},
      {"name": "é", "gauge": {"dataPoints": [{"asInt": 1}]}}
    ]}]}]}"#;
    let settings = OtlpSettings {
        explicit_histograms_as_native: true,
        ..OtlpSettings::default()
    };
    check(
        &json(text),
        &settings,
        &expect![[r#"
        h histogram schema -53 count 2 sum 0 zero 0 Buckets { spans: [Span { offset: 0, length: 2 }], counts: [1.0, 1.0] } Buckets { spans: [], counts: [] } [1.0] @0
        h: histogram "" ""
        e: histogram "" ""
        refused h: 2 observations found in buckets, but the Count field is 3: histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)
        refused h: histogram has 1 bucket counts for 1 bounds
        refused h: custom buckets: histogram custom bounds must not be NaN
        refused e: histogram has scale -5, below the lowest, -4
        refused u: aggregation temporality is not specified
        refused nothing: metric has no data of a known kind
        refused é: name "é" leaves no valid name after translation
        (1, 0, 1, 0) refused 7, collisions 0
    "#]],
    );
}

#[test]
fn tells_where_bytes_are_malformed() {
    let told = |body: &[u8]| {
        decode_otlp_protobuf(body, &OtlpLimits::default())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        told(b"\x0a\x05ab"),
        "malformed protobuf in ExportMetricsServiceRequest at byte 2: length reaches beyond the message"
    );
    assert_eq!(
        told(&request(|out| push_bytes(out, 1, b"\xff"))),
        "malformed protobuf in Metric at byte 32: string is not valid UTF-8"
    );
    let told = |body: &str| {
        decode_otlp_json(body.as_bytes(), &OtlpLimits::default())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        told("{"),
        "malformed JSON at line 1, column 1: EOF while parsing an object at line 1 column 1"
    );
    assert_eq!(
        told(r#"{"resourceMetrics": [{"scopeMetrics": 3}]}"#),
        "invalid scopeMetrics: expected an array, found a number"
    );
}

#[test]
fn bounds_what_the_sender_chooses() {
    let limits = OtlpLimits {
        max_points: 8,
        max_buckets: 2,
        max_attributes: 4,
        max_exemplars: 0,
        max_bytes: 1 << 20,
    };
    let told = |text: &str| {
        decode_otlp_json(text.as_bytes(), &limits)
            .map_err(|error| (error.is_too_large(), error.to_string()))
            .unwrap_err()
    };
    assert_eq!(
        told(REQUEST),
        (true, "request has more than 4 attributes".to_owned())
    );
    let metric =
        |metric: &str| format!(r#"{{"resourceMetrics": [{{"scopeMetrics": [{{"metrics": [{metric}]}}]}}]}}"#);
    let points = r#"{"gauge": {"dataPoints": [{}, {}, {}, {}, {}, {}]}}"#;
    assert_eq!(told(&metric(points)).1, "request has more than 8 data points");
    let buckets = r#"{"histogram": {"dataPoints": [{"bucketCounts": [1, 2, 3]}]}}"#;
    assert_eq!(
        told(&metric(buckets)).1,
        "request has more than 2 buckets in one point"
    );
    let exemplars = r#"{"gauge": {"dataPoints": [{"exemplars": [{}]}]}}"#;
    assert_eq!(told(&metric(exemplars)).1, "request has more than 0 exemplars");
    let packed = request(|out| {
        push_message(out, 10, |out| {
            push_message(out, 1, |out| {
                push_message(out, 8, |out| push_bytes(out, 2, &[1; 3]))
            });
        });
    });
    let error = decode_otlp_protobuf(&packed, &limits).unwrap_err();
    assert_eq!(error.to_string(), "request has more than 2 buckets in one point");
    let small = OtlpLimits {
        max_bytes: 3,
        ..OtlpLimits::default()
    };
    assert!(decode_otlp_protobuf(&packed, &small).unwrap_err().is_too_large());
}

#[test]
fn deep_values_end_in_null() {
    let mut value = Vec::new();
    push_text(&mut value, 1, "deep");
    for _ in 0..100 {
        let mut list = Vec::new();
        push_bytes(&mut list, 1, &value);
        value.clear();
        push_bytes(&mut value, 5, &list);
    }
    let body = request(|out| {
        push_text(out, 1, "g");
        push_message(out, 5, |out| {
            push_message(out, 1, |out| {
                push_message(out, 7, |out| {
                    push_text(out, 1, "a");
                    push_bytes(out, 2, &value);
                });
            });
        });
    });
    let shown = show(&protobuf(&body), &OtlpSettings::default());
    let expected = format!(
        "g{{a=\"{}null{}\", job=\"shop\"}} 0 @0\n",
        "[".repeat(16),
        "]".repeat(16)
    );
    assert_eq!(shown.lines().next(), expected.lines().next());
}

#[test]
fn answers_in_both_encodings() {
    assert_eq!(encode_otlp_response_json(0, ""), "{}");
    assert_eq!(
        encode_otlp_response_json(3, "no"),
        r#"{"partialSuccess":{"errorMessage":"no","rejectedDataPoints":"3"}}"#
    );
    assert_eq!(encode_otlp_response_protobuf(0, ""), b"");
    assert_eq!(
        encode_otlp_response_protobuf(3, "no"),
        b"\x0a\x06\x08\x03\x12\x02no"
    );
}
