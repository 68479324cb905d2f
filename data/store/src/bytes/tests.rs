use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn numbers_round_trip(u in any::<u64>(), i in any::<i64>(), s in ".*") {
        let mut out = Vec::new();
        put_uvarint(&mut out, u);
        put_ivarint(&mut out, i);
        put_str(&mut out, &s);
        let mut reader = Reader::new(&out);
        prop_assert_eq!(reader.uvarint(), Ok(u));
        prop_assert_eq!(reader.ivarint(), Ok(i));
        prop_assert_eq!(reader.str(), Ok(s.as_str()));
        prop_assert!(reader.is_empty());
    }

    #[test]
    fn junk_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut reader = Reader::new(&bytes);
        while reader.str().is_ok() && !reader.is_empty() {}
        let mut reader = Reader::new(&bytes);
        while reader.uvarint().is_ok() && !reader.is_empty() {}
    }
}

#[test]
fn refuses_numbers_that_are_too_long() {
    assert_eq!(Reader::new(&[0xff; 10]).uvarint(), Err(Malformed));
    assert_eq!(Reader::new(&[0x80]).uvarint(), Err(Malformed));
}
