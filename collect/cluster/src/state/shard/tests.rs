use super::{Shard, fnv1a, jump};
use crate::objects::Uid;

#[test]
fn hashes_are_those_of_their_papers() {
    // Test vectors of the FNV reference implementation and of the paper's reference code.
    assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    let buckets = |key| [1, 2, 10, 1000].map(|n| jump(key, n));
    assert_eq!(buckets(0), [0, 0, 0, 0]);
    assert_eq!(jump(0xdead_10cc, 1), 0);
    assert_eq!(jump(0xdead_10cc, 666), 361);
    assert_eq!(jump(256, 1024), 520);
}

#[test]
fn each_object_has_one_instance() {
    for i in 0..1000_u128 {
        let uid = Uid(i.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834) | 1);
        let owners = (0..3).filter(|&index| Shard { index, total: 3 }.has(uid)).count();
        assert_eq!(owners, 1);
        assert!(Shard::ONLY.has(uid));
    }
}
