//! Pages of protobuf, put together byte by byte.

use expect_test::expect;

use super::{ExpositionFormat, NativeHistograms, read};

/// A message under construction.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(mut self, number: u8, mut value: u64) -> Self {
        self.0.push(number << 3);
        while value >= 0x80 {
            self.0.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
            value >>= 7;
        }
        self.0.push(u8::try_from(value).unwrap());
        self
    }

    fn double(mut self, number: u8, value: f64) -> Self {
        self.0.push(number << 3 | 1);
        self.0.extend(value.to_le_bytes());
        self
    }

    fn bytes(mut self, number: u8, value: &[u8]) -> Self {
        let key = u64::from(number) << 3 | 2;
        push_varint(&mut self.0, key);
        push_varint(&mut self.0, value.len() as u64);
        self.0.extend(value);
        self
    }

    fn message(self, number: u8, inner: Self) -> Self {
        self.bytes(number, &inner.0)
    }
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
}

fn label(name: &str, value: &str) -> Message {
    Message::default()
        .bytes(1, name.as_bytes())
        .bytes(2, value.as_bytes())
}

fn exemplar(id: &str, value: f64, seconds: u64) -> Message {
    Message::default()
        .message(1, label("id", id))
        .double(2, value)
        .message(3, Message::default().varint(1, seconds).varint(2, 5_000_000))
}

fn delimited(family: Message) -> Vec<u8> {
    let mut out = Vec::new();
    push_varint(&mut out, family.0.len() as u64);
    out.extend(family.0);
    out
}

/// A counter with an exemplar and a start, a summary, and a histogram that is both classic and native.
pub(super) fn page() -> Vec<u8> {
    let counter = Message::default()
        .double(1, 7.0)
        .message(2, exemplar("c", 1.0, 9))
        .message(3, Message::default().varint(1, 100));
    let counters = Message::default()
        .bytes(1, b"n_total")
        .bytes(2, b"Things.")
        .bytes(5, b"things")
        .message(
            4,
            Message::default()
                .message(1, label("a", "b"))
                .message(3, counter)
                .varint(6, 1234),
        );
    let summary = Message::default()
        .varint(1, 3)
        .double(2, 4.5)
        .message(3, Message::default().double(1, 0.5).double(2, 1.5));
    let summaries = Message::default()
        .bytes(1, b"s")
        .varint(3, 2)
        .message(4, Message::default().message(4, summary));
    let bucket = |count: u64, bound: f64| {
        Message::default()
            .varint(1, count)
            .double(2, bound)
            .message(3, exemplar("b", bound, 8))
    };
    // Zigzag: 4 is 2, 1 is -1, 2 is 1.
    let histogram = Message::default()
        .varint(1, 6)
        .double(2, 12.0)
        .message(3, bucket(2, 1.0))
        .varint(5, 6)
        .double(6, 0.001)
        .varint(7, 1)
        .message(12, Message::default().varint(1, 1).varint(2, 2))
        .message(12, Message::default().varint(1, 4).varint(2, 1))
        .bytes(13, &[4, 1, 2]);
    let histograms = Message::default()
        .bytes(1, b"h")
        .varint(3, 4)
        .message(4, Message::default().message(7, histogram));
    [counters, summaries, histograms]
        .into_iter()
        .flat_map(delimited)
        .collect()
}

#[test]
fn families_are_read() {
    let shown = |native| read(&page(), ExpositionFormat::Protobuf, native);
    expect![[r#"
        help n_total "Things."
        type n_total counter
        unit n_total things
        n_total{a="b"} 7 @1234 since 100000 # {id="c"} 1 Some(9005)
        help s ""
        type s summary
        s_count 3
        s_sum 4.5
        s{quantile="0.5"} 1.5
        help h ""
        type h histogram
        h schema=3 count=6 sum=12 zero=1/0.001 +[(-1, 2), (2, 1)][2.0, 1.0, 2.0] -[][] # {id="b"} 1 Some(8005)
        h_count 6
        h_sum 12
        h_bucket{le="1.0"} 2 # {id="b"} 1 Some(8005)
        h_bucket{le="+Inf"} 6
    "#]]
    .assert_eq(&shown(NativeHistograms::WithClassic));
    let preferred = shown(NativeHistograms::Preferred);
    assert!(
        preferred.contains("\nh schema=3") && !preferred.contains("h_bucket"),
        "{preferred}"
    );
    let classic = shown(NativeHistograms::Ignored);
    assert!(
        !classic.contains("schema") && classic.contains("h_bucket"),
        "{classic}"
    );
}

#[test]
fn faults_name_the_family() {
    let histogram = Message::default()
        .message(12, Message::default().varint(2, 3))
        .bytes(13, &[2]);
    let family = Message::default()
        .bytes(1, b"h")
        .varint(3, 4)
        .message(4, Message::default().message(7, histogram));
    let read = read(
        &delimited(family),
        ExpositionFormat::Protobuf,
        NativeHistograms::Preferred,
    );
    assert_eq!(
        read.lines().last(),
        Some("error: metric family 1 \"h\": the spans of its histogram do not match the number of buckets")
    );
}
