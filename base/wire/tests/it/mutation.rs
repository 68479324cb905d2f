//! Requests broken in the ways that find mistakes in readers: flipped bits, cut and repeated pieces, lengths and
//! numbers replaced by the largest there are.

use model::Batch;
use proptest::prelude::*;
use wire::{
    DecodeLimits, DecodeScratch, Decoded, DeltaHandling, OtlpLimits, OtlpRequest, OtlpSettings, Promotion,
    ReadLimits, decode_otlp_json, decode_otlp_protobuf, decode_read_request, decode_remote_write_v1,
    decode_remote_write_v2, encode_remote_write_v1, encode_remote_write_v2,
};

use crate::corpus;

/// One way to break bytes; positions are taken modulo the length.
#[derive(Clone, Debug)]
enum Mutation {
    Flip(usize, u8),
    Set(usize, u8),
    Cut(usize),
    Remove(usize, usize),
    Repeat(usize, usize),
    /// A number of ten bytes, the largest that a varint holds, or a bit beyond it.
    Huge(usize, u8),
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let at = any::<usize>;
    let one = prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, 1 << bit)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        at().prop_map(Mutation::Cut),
        (at(), 1..40_usize).prop_map(|(at, n)| Mutation::Remove(at, n)),
        (at(), 1..200_usize).prop_map(|(at, n)| Mutation::Repeat(at, n)),
        (at(), 0..3_u8).prop_map(|(at, last)| Mutation::Huge(at, last)),
    ];
    proptest::collection::vec(one, 1..5)
}

fn mutate(mut bytes: Vec<u8>, mutations: &[Mutation]) -> Vec<u8> {
    for mutation in mutations {
        let len = bytes.len();
        if len == 0 {
            break;
        }
        match *mutation {
            Mutation::Flip(at, bit) => bytes[at % len] ^= bit,
            Mutation::Set(at, byte) => bytes[at % len] = byte,
            Mutation::Cut(at) => bytes.truncate(at % len),
            Mutation::Remove(at, n) => {
                let at = at % len;
                bytes.drain(at..(at + n).min(len));
            }
            Mutation::Repeat(at, n) => {
                let at = at % len;
                let piece = bytes[at..(at + n).min(len)].to_vec();
                bytes.splice(at..at, piece);
            }
            Mutation::Huge(at, last) => {
                let at = at % len;
                let number = [[0xff; 9].as_slice(), &[last]].concat();
                bytes.splice(at..=at, number);
            }
        }
    }
    bytes
}

/// What a reader said must be what is in the batch, and all of it must be fit to be stored.
fn assert_consistent(decoded: &Decoded, batch: &Batch) {
    assert_eq!(decoded.samples + decoded.histograms, batch.rows().len());
    assert_eq!(decoded.histograms, batch.histograms().len());
    assert_eq!(decoded.exemplars, batch.exemplars().len());
    assert_eq!(decoded.metadata, batch.metadata().len());
    assert_eq!(
        decoded.is_partial(),
        decoded.refused_series + decoded.refused_histograms + decoded.refused_exemplars > 0
            || !decoded.refusals.is_empty()
    );
    assert_storable(batch);
}

fn assert_storable(batch: &Batch) {
    for (row, histogram) in batch.histograms() {
        assert!((*row as usize) < batch.rows().len());
        histogram.validate().unwrap();
    }
    for row in batch.rows() {
        let labels = batch.labels(row);
        model::PackedLabels::parse(labels.packed()).unwrap();
        assert!(labels.get("__name__").is_some_and(|name| !name.is_empty()));
    }
}

fn translate(request: &OtlpRequest) {
    let generous = OtlpSettings {
        promotion: Promotion::AllBut([].into()),
        explicit_histograms_as_native: true,
        promote_scope: true,
        delta: DeltaHandling::Store,
        type_and_unit_labels: true,
        ..OtlpSettings::default()
    };
    for settings in [OtlpSettings::default(), generous] {
        let mut batch = Batch::default();
        let told = request.translate(&settings, &mut batch);
        assert_eq!(told.samples + told.histograms, batch.rows().len());
        assert_eq!(told.exemplars, batch.exemplars().len());
        assert_storable(&batch);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn remote_write_1(mutations in mutations()) {
        let body = mutate(corpus::decompressed(&encode_remote_write_v1(&corpus::batch())), &mutations);
        let mut batch = Batch::default();
        let limits = DecodeLimits::default();
        let decoded = decode_remote_write_v1(&corpus::compressed(&body), &limits, &mut DecodeScratch::default(), &mut batch);
        if let Ok(decoded) = decoded {
            assert_consistent(&decoded, &batch);
        }
    }

    #[test]
    fn remote_write_2(mutations in mutations()) {
        let body = mutate(corpus::decompressed(&encode_remote_write_v2(&corpus::batch())), &mutations);
        let mut batch = Batch::default();
        let limits = DecodeLimits::default();
        let decoded = decode_remote_write_v2(&corpus::compressed(&body), &limits, &mut DecodeScratch::default(), &mut batch);
        if let Ok(decoded) = decoded {
            assert_consistent(&decoded, &batch);
        }
    }

    #[test]
    fn compressed_blocks(mutations in mutations()) {
        let limits = DecodeLimits { max_decoded_bytes: 1 << 20, ..DecodeLimits::default() };
        let mut scratch = DecodeScratch::default();
        let body = mutate(encode_remote_write_v1(&corpus::batch()), &mutations);
        let mut batch = Batch::default();
        if let Ok(decoded) = decode_remote_write_v1(&body, &limits, &mut scratch, &mut batch) {
            assert_consistent(&decoded, &batch);
        }
        let body = mutate(encode_remote_write_v2(&corpus::batch()), &mutations);
        let mut batch = Batch::default();
        if let Ok(decoded) = decode_remote_write_v2(&body, &limits, &mut scratch, &mut batch) {
            assert_consistent(&decoded, &batch);
        }
    }

    #[test]
    fn read_requests(mutations in mutations()) {
        let body = mutate(corpus::read_request(), &mutations);
        let limits = ReadLimits { max_matchers: 8, max_queries: 4, ..ReadLimits::default() };
        if let Ok(request) = decode_read_request(&corpus::compressed(&body), &limits) {
            prop_assert!(request.queries.len() <= 4);
            prop_assert!(request.queries.iter().all(|query| query.selection.matchers.len() <= 8));
        }
    }

    #[test]
    fn otlp_protobuf(mutations in mutations()) {
        let body = mutate(corpus::otlp(), &mutations);
        if let Ok(request) = decode_otlp_protobuf(&body, &OtlpLimits::default()) {
            translate(&request);
        }
    }

    #[test]
    fn otlp_json(mutations in mutations()) {
        let body = mutate(corpus::OTLP_JSON.as_bytes().to_vec(), &mutations);
        if let Ok(request) = decode_otlp_json(&body, &OtlpLimits::default()) {
            translate(&request);
        }
    }
}

#[test]
fn the_corpora_are_valid() {
    let limits = DecodeLimits::default();
    let mut scratch = DecodeScratch::default();
    let mut batch = Batch::default();
    let decoded = decode_remote_write_v1(
        &encode_remote_write_v1(&corpus::batch()),
        &limits,
        &mut scratch,
        &mut batch,
    );
    assert_eq!(decoded.unwrap().refusals, []);
    let mut batch = Batch::default();
    let decoded = decode_remote_write_v2(
        &encode_remote_write_v2(&corpus::batch()),
        &limits,
        &mut scratch,
        &mut batch,
    );
    assert_eq!(decoded.unwrap().refusals, []);
    let request = decode_read_request(
        &corpus::compressed(&corpus::read_request()),
        &ReadLimits::default(),
    )
    .unwrap();
    assert_eq!(request.queries[1].selection.matchers.len(), 2);
    for request in [
        decode_otlp_protobuf(&corpus::otlp(), &OtlpLimits::default()).unwrap(),
        decode_otlp_json(corpus::OTLP_JSON.as_bytes(), &OtlpLimits::default()).unwrap(),
    ] {
        let told = request.translate(&OtlpSettings::default(), &mut Batch::default());
        assert_eq!(told.refusals, []);
        assert!(told.samples > 3 && told.histograms > 0, "{told:?}");
    }
}
