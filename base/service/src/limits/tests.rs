use rustix::process::{Resource, getrlimit};

use super::raise_open_files;

#[test]
fn soft_limit_becomes_the_hard_limit() {
    let raised = raise_open_files().unwrap();
    let limit = getrlimit(Resource::Nofile);
    assert_eq!(limit.current, limit.maximum);
    assert_eq!(raised, limit.maximum);
}
