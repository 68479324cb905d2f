use super::*;
use crate::testing::{Tree, render};

#[test]
fn says_what_the_kernel_says() {
    let text = render(&mut Uname, &Tree::new().root());
    let uname = rustix::system::uname();
    assert!(
        text.starts_with("# node_uname_info gauge\nnode_uname_info{"),
        "{text}"
    );
    for expected in [
        format!("sysname=\"{}\"", uname.sysname().to_str().unwrap()),
        format!("release=\"{}\"", uname.release().to_str().unwrap()),
        format!("machine=\"{}\"", uname.machine().to_str().unwrap()),
        format!("nodename=\"{}\"", uname.nodename().to_str().unwrap()),
    ] {
        assert!(text.contains(&expected), "{text} has no {expected}");
    }
}
