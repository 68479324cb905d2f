use model::{Buckets, CUSTOM_BUCKETS, Histogram, ResetHint, SampleBuffer, Span};

use super::*;
use crate::protobuf::{push_int, push_message, push_packed_varints, push_text};
use crate::snappy::compress;

fn labels() -> Labels {
    Labels::from_pairs([("__name__", "m"), ("job", "a")]).unwrap()
}

fn query(out: &mut Vec<u8>, matchers: &[(u64, &str, &str)]) {
    push_message(out, 1, |out| {
        push_int(out, 1, 1_000);
        push_int(out, 2, 2_000);
        for (op, name, value) in matchers {
            push_message(out, 3, |out| {
                push_int(out, 1, *op);
                push_text(out, 2, name);
                push_text(out, 3, value);
            });
        }
        push_message(out, 4, |out| {
            push_int(out, 1, 15);
            push_text(out, 2, "sum");
            push_text(out, 5, "job");
            push_int(out, 6, 1);
        });
    });
}

fn decode(body: &[u8]) -> Result<ReadRequest, DecodeError> {
    decode_read_request(&compress(body), &ReadLimits::default())
}

#[test]
fn reads_queries_and_the_form_of_the_answer() {
    let mut body = Vec::new();
    query(&mut body, &[(0, "__name__", "up"), (3, "job", "a|b")]);
    query(&mut body, &[(1, "x", "")]);
    push_packed_varints(&mut body, 2, [7, 1, 0].into_iter());
    let request = decode(&body).unwrap();
    assert_eq!(request.form, ReadForm::StreamedXorChunks);
    let shown: Vec<String> = request
        .queries
        .iter()
        .map(|q| format!("{:?} {:?}", q.selection.matchers, q.selection.range))
        .collect();
    assert_eq!(
        shown,
        [
            "[__name__=\"up\", job!~\"a|b\"] TimeRange { start: 1000, end: 2000 }",
            "[x!=\"\"] TimeRange { start: 1000, end: 2000 }",
        ]
    );
    let hints = request.queries[0].hints.clone().unwrap();
    assert_eq!((hints.step, hints.function.as_str(), hints.by), (15, "sum", true));
    assert_eq!(hints.grouping, ["job"]);
}

#[test]
fn refuses_what_cannot_be_answered() {
    let check = |body: &[u8], expected: &str| assert_eq!(decode(body).unwrap_err().to_string(), expected);
    let mut body = Vec::new();
    push_int(&mut body, 2, 9);
    check(
        &body,
        "invalid ReadRequest: response type 9 is unknown; accept SAMPLES or STREAMED_XOR_CHUNKS",
    );
    let mut body = Vec::new();
    query(&mut body, &[(4, "a", "b")]);
    check(
        &body,
        "malformed protobuf in LabelMatcher at byte 10: unknown matcher type",
    );
    let mut body = Vec::new();
    query(&mut body, &[(2, "a", "(")]);
    assert!(matches!(decode(&body), Err(DecodeError::Invalid { .. })));
    assert_eq!(
        decode_read_request(b"", &ReadLimits::default()).unwrap_err(),
        DecodeError::Empty
    );
    let limits = ReadLimits {
        max_queries: 1,
        ..ReadLimits::default()
    };
    let mut body = Vec::new();
    query(&mut body, &[]);
    query(&mut body, &[]);
    let error = decode_read_request(&compress(&body), &limits).unwrap_err();
    assert!(error.is_too_large(), "{error}");
}

fn histogram(n: f64, reset_hint: ResetHint) -> Histogram {
    Histogram {
        schema: 3,
        integer: true,
        reset_hint,
        zero_threshold: 2.0_f64.powi(-128),
        zero_count: n,
        count: 11.0 + 4.0 * n,
        sum: 1.5 * n,
        positive: Buckets {
            spans: vec![
                Span {
                    offset: -3,
                    length: 2,
                },
                Span { offset: 4, length: 1 },
            ],
            counts: vec![1.0 + n, 3.0, 2.0 + n],
        },
        negative: Buckets {
            spans: vec![Span { offset: 0, length: 2 }],
            counts: vec![4.0, 1.0 + n],
        },
        custom_values: [].into(),
    }
}

fn custom(n: f64) -> Histogram {
    Histogram {
        schema: CUSTOM_BUCKETS,
        count: 3.5 + n,
        sum: n,
        positive: Buckets {
            spans: vec![Span { offset: 1, length: 2 }],
            counts: vec![3.0, 0.5 + n],
        },
        custom_values: [0.005, 1.0 / 3.0, 7.0].into(),
        ..Histogram::default()
    }
}

/// Floats of every kind, then histograms of every kind, with resets and gauges among them.
fn samples() -> SampleBuffer {
    let mut buffer = SampleBuffer::default();
    let mut t = -5;
    let floats = [
        1.0,
        1.0,
        -2.5,
        f64::NAN,
        model::stale_marker(),
        f64::INFINITY,
        1e-300,
        0.1,
        0.2,
        1e300,
    ];
    for (i, value) in floats.into_iter().enumerate() {
        buffer.push(t, value);
        t += [
            15_000,
            15_000,
            15_001,
            30_000,
            9_000_000,
            1,
            1_000_000_000_000,
            15_000,
        ][i % 8];
    }
    for n in 0..4 {
        buffer.push_histogram(t, histogram(f64::from(n), ResetHint::Unknown));
        t += 15_000;
    }
    // Falls without saying so, then says so, then goes on.
    buffer.push_histogram(t, histogram(1.0, ResetHint::Unknown));
    buffer.push_histogram(t + 1, histogram(2.0, ResetHint::Reset));
    buffer.push_histogram(t + 2, histogram(3.0, ResetHint::NoReset));
    for n in [5, 2] {
        t += 15_000;
        buffer.push_histogram(t, histogram(f64::from(n), ResetHint::Gauge));
    }
    for n in 0..3 {
        t += 15_000;
        buffer.push_histogram(t, custom(f64::from(n) * 1.25));
    }
    t += 15_000;
    buffer.push(t, model::stale_marker());
    buffer
}

fn frames(samples: &SampleBuffer, max_frame_bytes: usize) -> Vec<u8> {
    let mut out = Vec::new();
    push_chunked_series(&mut out, 2, (&labels(), samples), max_frame_bytes);
    out
}

/// `(encoding, start, end, number of samples)`.
type ReadChunk = (u64, i64, i64, u16);

/// Reads frames down to `(query, chunks)`.
fn read_frames(mut bytes: &[u8]) -> Vec<(u64, Vec<ReadChunk>)> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let mut reader = Reader::new(bytes);
        let len = usize::try_from(reader.varint().unwrap()).unwrap();
        let (crc, rest) = reader.rest().split_first_chunk::<4>().unwrap();
        let (frame, rest) = rest.split_at(len);
        assert_eq!(u32::from_be_bytes(*crc), crc32c::crc32c(frame));
        bytes = rest;
        let (mut query, mut chunks) = (0, Vec::new());
        let mut message = Reader::new(frame);
        while let Some(field) = message.next_field().unwrap() {
            if field.number == 2 {
                query = field.varint().unwrap();
                continue;
            }
            let mut series = field.bytes().unwrap();
            while let Some(field) = series.next_field().unwrap() {
                if field.number == 2 {
                    chunks.push(read_chunk(field.bytes().unwrap()));
                }
            }
        }
        frames.push((query, chunks));
    }
    frames
}

fn read_chunk(mut message: Reader<'_>) -> ReadChunk {
    let mut chunk = (0, 0, 0, 0);
    while let Some(field) = message.next_field().unwrap() {
        match field.number {
            1 => chunk.1 = field.int64().unwrap(),
            2 => chunk.2 = field.int64().unwrap(),
            3 => chunk.0 = field.varint().unwrap(),
            _ => chunk.3 = u16::from_be_bytes(*field.bytes().unwrap().rest().first_chunk().unwrap()),
        }
    }
    chunk
}

/// The bytes in the file were read back to the samples above by Prometheus' own reader (`tsdb/chunkenc`, 3.16).
#[test]
fn writes_chunks_that_prometheus_reads() {
    assert!(frames(&samples(), 1 << 20) == include_bytes!("tests/frames.bin"));
}

#[test]
fn cuts_chunks_where_readers_would_misread() {
    let frames = read_frames(&frames(&samples(), 1 << 20));
    assert_eq!(frames.len(), 1);
    let shape: Vec<(u64, u16)> = frames[0].1.iter().map(|c| (c.0, c.3)).collect();
    assert_eq!(shape, [(1, 10), (2, 4), (2, 1), (2, 2), (2, 2), (3, 3), (1, 1)]);
    assert_eq!(frames[0].0, 2);
}

#[test]
fn frames_end_when_they_are_full() {
    let mut buffer = SampleBuffer::default();
    for i in 0..1_000_i32 {
        buffer.push(i64::from(i) * 15_000 + i64::from(i % 7), f64::from(i * i) / 3.0);
    }
    let frames = read_frames(&frames(&buffer, 2_000));
    assert!(frames.len() > 3, "{frames:?}");
    let chunks: Vec<_> = frames.iter().flat_map(|frame| &frame.1).collect();
    assert_eq!(chunks.iter().map(|c| usize::from(c.3)).sum::<usize>(), 1_000);
    assert!(chunks.windows(2).all(|pair| pair[0].2 < pair[1].1));
    assert_eq!(read_frames(&[]).len(), 0);
}

#[test]
fn answers_with_samples() {
    let mut response = SamplesResponse::default();
    response.begin_query();
    response.begin_query();
    response.push_series(&labels(), &samples());
    assert_eq!(response.n_samples(), samples().len());
    let mut memory = Vec::new();
    let compressed = response.finish();
    let body = decompress(&compressed, 1 << 20, &mut memory).unwrap();
    // A result and a write request have the same form, but for the number of what is repeated: both are 1.
    let mut message = Reader::new(body);
    let first = message.next_field().unwrap().unwrap().bytes().unwrap();
    assert!(first.is_empty());
    let second = message.next_field().unwrap().unwrap().bytes().unwrap();
    let mut request = model::Batch::default();
    let decoded = crate::decode_remote_write_v1(
        &compress(second.rest()),
        &crate::DecodeLimits::default(),
        &mut crate::DecodeScratch::default(),
        &mut request,
    )
    .unwrap();
    assert_eq!((decoded.samples, decoded.histograms), (11, 12));
    let histograms: Vec<_> = request.histograms().iter().map(|(_, h)| h.clone()).collect();
    let expected: Vec<_> = samples().histograms.into_iter().map(|(_, h)| h).collect();
    assert_eq!(histograms, expected);
}
