use super::*;

/// One series of two labels with one sample.
fn body(protocol: Protocol) -> Vec<u8> {
    let mut symbols = Symbols::default();
    let labels = ["__name__", "up", "job", "x"].map(|text| symbols.intern(text));
    let mut writer = RequestWriter::new(protocol);
    writer.push(&symbols, &labels, &[(1000, 1.0)]);
    assert_eq!(writer.samples, 1);
    let packed = writer.finish(&symbols).unwrap();
    snap::raw::Decoder::new().decompress_vec(packed).unwrap()
}

const SAMPLE: &[u8] = b"\x12\x0c\x09\0\0\0\0\0\0\xf0\x3f\x10\xe8\x07";

#[test]
fn version_1_has_texts_in_every_series() {
    let labels = b"\x0a\x0e\x0a\x08__name__\x12\x02up\x0a\x08\x0a\x03job\x12\x01x";
    let series = [labels.as_slice(), SAMPLE].concat();
    let expected = [b"\x0a".as_slice(), &[series.len() as u8], &series].concat();
    assert_eq!(body(Protocol::One), expected);
}

#[test]
fn version_2_has_each_text_once() {
    let series = [b"\x0a\x04\x01\x02\x03\x04".as_slice(), SAMPLE].concat();
    let symbols = b"\x22\x00\x22\x08__name__\x22\x02up\x22\x03job\x22\x01x";
    let expected = [b"\x2a".as_slice(), &[series.len() as u8], &series, symbols].concat();
    assert_eq!(body(Protocol::Two), expected);
}
