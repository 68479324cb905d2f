use std::sync::Arc;

use model::{Labels, SampleBuffer, TimeRange};
use proptest::prelude::*;

use super::*;
use crate::chunk::sample_tests::{bits, samples};
use crate::disk::OsDisk;

fn write(dir: &std::path::Path, series: &[(Labels, SampleBuffer)]) -> Part {
    let path = dir.join("1.part");
    let mut writer = PartWriter::create(Arc::new(OsDisk), &path, PartInfo::new(1, 0)).unwrap();
    for (labels, samples) in series {
        writer.add_series(labels.as_packed(), samples).unwrap();
    }
    let path = writer.finish().unwrap().unwrap();
    Part::open(&path, Arc::new(PageCache::new(1 << 20))).unwrap()
}

fn label_set(n: usize) -> Labels {
    let name = ["a", "b", "größe"][n % 3].to_owned();
    let mut pairs = vec![("__name__", name), ("n", n.to_string())];
    if n % 2 == 0 {
        pairs.push(("even", (n % 4).to_string()));
    }
    Labels::from_pairs(pairs).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn samples_of_all_kinds_come_back(all in proptest::collection::vec(samples(), 1..12), from in 0i64..40, span in 0i64..40) {
        let dir = tempfile::tempdir().unwrap();
        let mut series: Vec<(Labels, SampleBuffer)> =
            all.into_iter().enumerate().map(|(n, samples)| (label_set(n), samples)).collect();
        series.sort_by(|a, b| order(a.0.packed(), b.0.packed()));
        let part = write(dir.path(), &series);
        for (id, (labels, samples)) in series.iter().enumerate() {
            let id = id as u32;
            prop_assert_eq!(part.find(labels.packed()).unwrap(), Some(id));
            part.labels(&[id], |_, packed| assert_eq!(packed, labels.packed())).unwrap();
            let mut out = SampleBuffer::default();
            part.samples(id, TimeRange::ALL, &mut out).unwrap();
            prop_assert_eq!(bits(&out), bits(samples));
            // A span of it, behind samples that are there already.
            let start = 1_700_000_000_000 + from * 5000;
            let range = TimeRange { start, end: start + span * 5000 };
            out.clear();
            out.push(1, 1.0);
            part.samples(id, range, &mut out).unwrap();
            let mut expected = SampleBuffer::default();
            expected.push(1, 1.0);
            let rows = samples.timestamps.partition_point(|t| *t < range.start)
                ..samples.timestamps.partition_point(|t| *t <= range.end);
            crate::select::merge::append(&mut expected, samples, rows);
            prop_assert_eq!(bits(&out), bits(&expected));
        }
    }
}
