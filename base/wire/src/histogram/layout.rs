//! Laying out buckets as spans.

use model::{Buckets, Span};

/// Gaps up to here are filled with empty buckets, because a span costs more than they do.
const MAX_FILLED_GAP: i64 = 2;

/// Takes counts by ascending bucket index and lays them out.
#[derive(Debug, Default)]
pub(crate) struct BucketLayout {
    buckets: Buckets,
    /// Index of the next bucket of the current span.
    next: i64,
}

impl BucketLayout {
    /// Adds a count to a bucket: the last one, or one behind it.
    pub(crate) fn add(&mut self, index: i64, count: f64) {
        let Buckets { spans, counts } = &mut self.buckets;
        if let Some(last) = counts.last_mut()
            && index < self.next
        {
            *last += count;
            return;
        }
        let gap = index - self.next;
        match spans.last_mut() {
            Some(span) if gap <= MAX_FILLED_GAP => {
                for _ in 0..gap {
                    counts.push(0.0);
                    span.length += 1;
                }
                span.length += 1;
            }
            _ => spans.push(Span {
                offset: i32::try_from(gap).unwrap_or(i32::MAX),
                length: 1,
            }),
        }
        counts.push(count);
        self.next = index + 1;
    }

    /// Returns what was laid out.
    pub(crate) fn finish(self) -> Buckets {
        self.buckets
    }
}

/// Merges buckets as if the schema were `steps` lower: bucket `i` of a schema lies in bucket `ceil(i / 2)` of the
/// next lower one. The spans must have been checked.
pub(super) fn coarser(buckets: &Buckets, steps: u32) -> Buckets {
    let mut layout = BucketLayout::default();
    let mut counts = buckets.counts.iter();
    let mut index = 0_i64;
    for span in &buckets.spans {
        index += i64::from(span.offset);
        for &count in counts.by_ref().take(span.length as usize) {
            layout.add(((index - 1) >> steps.min(63)) + 1, count);
            index += 1;
        }
    }
    layout.finish()
}
