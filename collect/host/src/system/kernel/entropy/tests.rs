use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn the_pool() {
    let tree = Tree::of(&[
        ("proc/sys/kernel/random/entropy_avail", "1337\n"),
        ("proc/sys/kernel/random/poolsize", "4096\n"),
    ]);
    expect![[r#"
        # node_entropy_available_bits gauge
        node_entropy_available_bits 1337
        # node_entropy_pool_size_bits gauge
        node_entropy_pool_size_bits 4096
    "#]]
    .assert_eq(&render(&mut Entropy::default(), &tree.root()));
    tree.write("proc/sys/kernel/random/entropy_avail", "much\n");
    expect![[r#"
        # node_entropy_pool_size_bits gauge
        node_entropy_pool_size_bits 4096
        ! failed to read /proc/sys/kernel/random/entropy_avail: not a number
    "#]]
    .assert_eq(&render(&mut Entropy::default(), &tree.root()));
    expect![[r#"
        ! /proc/sys/kernel/random/poolsize is not there
    "#]]
    .assert_eq(&render(&mut Entropy::default(), &Tree::new().root()));
}
