use std::sync::Arc;

use model::{Labels, SampleBuffer, TimeRange};
use proptest::prelude::*;

use super::*;
use crate::StoreError;
use crate::chunk::sample_tests::{bits, samples};
use crate::disk::tests::unsynced;

fn write(dir: &std::path::Path, series: &[(Labels, SampleBuffer)]) -> Part {
    let path = dir.join("1.part");
    let mut writer = PartWriter::create(unsynced(), &path, PartInfo::new(1, 0)).unwrap();
    for (labels, samples) in series {
        writer.add_series(labels.as_packed(), samples).unwrap();
    }
    let path = writer.finish().unwrap().unwrap();
    Part::open(&path, Arc::new(PageCache::new(1 << 20))).unwrap()
}

fn label_set(n: usize) -> Labels {
    let name = ["a", "b", "größe"][n % 3].to_owned();
    let mut pairs = vec![("__name__", name), ("n", n.to_string())];
    if n.is_multiple_of(2) {
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

/// Reads all there is of a part.
fn read_all(part: &Part) -> Result<Vec<(String, SampleBuffer)>, PartError> {
    let ids: Vec<u32> = (0..part.info().n_series as u32).collect();
    let mut labels = Vec::new();
    part.labels(&ids, |_, packed| labels.push(packed.to_owned()))?;
    let mut found = Vec::new();
    for (id, packed) in ids.into_iter().zip(labels) {
        if part.find(&packed)? != Some(id) {
            return Err(PartError::Damaged {
                section: usize::MAX,
                page: 0,
            });
        }
        let mut samples = SampleBuffer::default();
        part.samples(id, TimeRange::ALL, &mut samples)?;
        found.push((packed, samples));
    }
    let mut names = Vec::new();
    part.label_names(|name| names.push(name.to_owned()));
    for name in names {
        let mut hits = Vec::new();
        part.scan(&name, (&[], &mut |_| true), &mut hits)?;
    }
    Ok(found)
}

fn many_series(n: usize) -> Vec<(Labels, SampleBuffer)> {
    let mut series: Vec<(Labels, SampleBuffer)> = (0..n)
        .map(|n| {
            let mut samples = SampleBuffer::default();
            for i in 0..100 {
                let jitter = (i * 7919 + n as i64 * 31) % 5;
                samples.push(
                    1_700_000_000_000 + i * 15_000 + jitter,
                    (n as f64).sqrt() * i as f64,
                );
            }
            (label_set(n), samples)
        })
        .collect();
    series.sort_by(|a, b| order(a.0.packed(), b.0.packed()));
    series
}

#[test]
fn a_flipped_bit_anywhere_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let part = write(dir.path(), &many_series(600));
    let sound = read_all(&part).unwrap();
    assert_eq!(sound.len(), 600);
    let bytes = std::fs::read(&part.path).unwrap();
    let mut places = vec![3, 9, bytes.len() - 1, bytes.len() - 20, bytes.len() - 40];
    for section in &part.footer.sections {
        assert!(!section.pages.is_empty(), "all sections are in use");
        for page in &section.pages {
            let last = page.offset + u64::from(page.stored) - 1;
            places.extend([
                page.offset as usize,
                (page.offset + last) as usize / 2,
                last as usize,
            ]);
        }
    }
    for at in places {
        let mut bent = bytes.clone();
        bent[at] ^= 0x20;
        let path = dir.path().join("bent.part");
        std::fs::write(&path, bent).unwrap();
        match Part::open(&path, Arc::new(PageCache::new(1 << 20))) {
            Err(StoreError::Corrupt { .. } | StoreError::NewerFormat { .. }) => {}
            Err(error) => unreachable!("{error}"),
            Ok(part) => {
                let read = read_all(&part);
                assert!(matches!(read, Err(PartError::Damaged { .. })), "flip at {at}");
            }
        }
    }
}

#[test]
fn a_cut_file_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let part = write(dir.path(), &many_series(50));
    let bytes = std::fs::read(&part.path).unwrap();
    for len in (0..bytes.len()).step_by(97).chain(bytes.len() - 40..bytes.len()) {
        let path = dir.path().join("cut.part");
        std::fs::write(&path, &bytes[..len]).unwrap();
        let opened = Part::open(&path, Arc::new(PageCache::new(1 << 20)));
        assert!(matches!(opened, Err(StoreError::Corrupt { .. })), "cut at {len}");
    }
}

#[test]
fn a_trailer_that_is_wrong_about_the_footer_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let part = write(dir.path(), &many_series(50));
    let bytes = std::fs::read(&part.path).unwrap();
    // Every bit of the lengths, of which the checksum of the footer says nothing.
    for bit in 0..64 {
        let mut bent = bytes.clone();
        let at = bytes.len() - TRAILER_LEN + 8 + bit / 8;
        bent[at] ^= 1 << (bit % 8);
        let path = dir.path().join("bent.part");
        std::fs::write(&path, bent).unwrap();
        let opened = Part::open(&path, Arc::new(PageCache::new(1 << 20)));
        assert!(matches!(opened, Err(StoreError::Corrupt { .. })), "bit {bit}");
    }
}
