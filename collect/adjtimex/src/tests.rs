use super::*;

#[test]
fn the_kernel_answers() {
    match Timex::read() {
        // A tick is 10 ms, give or take ten percent (adjtimex(2)).
        Ok(timex) => {
            assert!((9_000..=11_000).contains(&timex.tick), "{timex:?}");
            assert!((0..=Timex::STATE_ERROR).contains(&timex.state), "{timex:?}");
        }
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::PermissionDenied),
    }
}
