use std::collections::BTreeMap;

use model::{Histogram, Millis, SampleBuffer};
use proptest::prelude::*;

use super::*;

/// A sample: time, value, and whether it is a histogram and has a start.
type Row = (Millis, u16, bool, bool);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (0i64..60, any::<u16>(), any::<bool>(), any::<bool>());
    proptest::collection::vec(row, 0..40).prop_map(|rows| {
        let unique: BTreeMap<Millis, Row> = rows.into_iter().map(|row| (row.0, row)).collect();
        unique.into_values().collect()
    })
}

fn buffer(rows: impl IntoIterator<Item = Row>) -> SampleBuffer {
    let mut buffer = SampleBuffer::default();
    for (t, value, histogram, start) in rows {
        if histogram {
            let sum = f64::from(value);
            buffer.push_histogram(
                t,
                Histogram {
                    sum,
                    ..Histogram::default()
                },
            );
        } else {
            buffer.push(t, f64::from(value));
        }
        buffer.set_start(if start { t - 5 } else { 0 });
    }
    buffer
}

fn known_starts(mut buffer: SampleBuffer) -> SampleBuffer {
    if buffer.starts.iter().all(|start| *start == 0) {
        buffer.starts.clear();
    }
    buffer
}

proptest! {
    #[test]
    fn merging_is_that_of_maps(a in rows(), b in rows(), c in rows()) {
        let mut merged = SampleBuffer::default();
        let mut expected: BTreeMap<Millis, Row> = BTreeMap::new();
        for rows in [a, b, c] {
            merge(&mut merged, &buffer(rows.iter().copied()));
            for row in rows {
                expected.entry(row.0).or_insert(row);
            }
        }
        prop_assert_eq!(known_starts(merged), known_starts(buffer(expected.into_values())));
    }

    #[test]
    fn cutting_keeps_the_first_rows(rows in rows(), len in 0usize..40) {
        let mut cut = buffer(rows.iter().copied());
        truncate(&mut cut, len);
        prop_assert_eq!(known_starts(cut), known_starts(buffer(rows.into_iter().take(len))));
    }
}
