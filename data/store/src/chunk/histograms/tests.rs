use super::*;

/// A chunk of histograms with no observations: for each segment how many there are, its bounds and its empty spans.
fn chunk(segments: &[(usize, u64, u64)]) -> Vec<u8> {
    let n: usize = segments.iter().map(|segment| segment.0).sum();
    let mut out = Vec::new();
    put_uvarint(&mut out, n as u64);
    out.push(0);
    encode_ints(&vec![0; n], &mut out);
    out.push(0);
    put_uvarint(&mut out, segments.len() as u64);
    for (n, bounds, spans) in segments {
        put_uvarint(&mut out, *n as u64);
        out.extend_from_slice(&[0, BOUNDS]);
        put_uvarint(&mut out, *bounds);
        // All the same, which takes nine bytes whatever their number.
        put_uvarint(&mut out, 9);
        encode_floats(&[1, 1], &mut out);
        put_uvarint(&mut out, *spans);
        (0..*spans).for_each(|_| out.extend_from_slice(&[0, 0]));
        put_uvarint(&mut out, 0);
    }
    encode_ints(&vec![0; n], &mut out);
    encode_ints(&vec![0; n], &mut out);
    out
}

fn is_read(segments: &[(usize, u64, u64)]) -> bool {
    let bytes = chunk(segments);
    let n = segments.iter().map(|segment| segment.0).sum();
    let mut out = Vec::new();
    let read = decode_histograms(&mut Reader::new(&bytes), (&vec![0.0; n], 0), &mut out);
    assert_eq!(out.len(), if read.is_ok() { n } else { 0 });
    read.is_ok()
}

#[test]
fn histograms_of_a_chunk_are_bounded_together() {
    assert!(is_read(&[(2, 1000, 10), (1, 20, 0)]));
    let many = MAX_READ as u64;
    assert!(is_read(&[(1, many, 0)]));
    assert!(!is_read(&[(1, many + 1, 0)]));
    assert!(!is_read(&[(1, u64::MAX, 0)]));
    // A segment takes some twenty bytes.
    assert!(!is_read(&[(1, many / 2, 0); 3]));
    // Every histogram gets spans of its own.
    assert!(is_read(&[(100, 0, many / 100)]));
    assert!(!is_read(&[(101, 0, many / 100)]));
}

#[test]
fn buckets_are_no_more_than_there_are_bytes() {
    let chunk = |spans: &[u64]| {
        let n = spans.len();
        let mut out = Vec::new();
        put_uvarint(&mut out, n as u64);
        out.push(0);
        encode_ints(&vec![0; n], &mut out);
        out.push(0);
        put_uvarint(&mut out, n as u64);
        for (at, length) in spans.iter().enumerate() {
            out.extend_from_slice(&[1, 0, 0, 1]);
            put_ivarint(&mut out, at as i64 * 1_000_000);
            put_uvarint(&mut out, *length);
            out.push(0);
        }
        out
    };
    let is_read = |spans: &[u64], n_columns: usize| {
        let mut bytes = chunk(spans);
        // A column of a single number is that number.
        encode_ints(&vec![0; spans.len()], &mut bytes);
        encode_ints(&vec![0; spans.len()], &mut bytes);
        bytes.extend(vec![0; n_columns]);
        let values = vec![0.0; spans.len()];
        decode_histograms(&mut Reader::new(&bytes), (&values, 0), &mut Vec::new()).is_ok()
    };
    assert!(is_read(&[3], 3));
    assert!(is_read(&[3, 4], 7));
    assert!(!is_read(&[3, 5], 7));
    assert!(!is_read(&[1 << 20], 7));
    assert!(!is_read(&[u64::from(u32::MAX)], 7));
    assert!(!is_read(&[1000; 900], 7));
}
