use super::*;

#[test]
fn survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.checkpoint");
    let mut checkpoint = Checkpoint::new(&path);
    assert_eq!(checkpoint.load().unwrap(), None);
    checkpoint.store(7).unwrap();
    checkpoint.store(u64::MAX).unwrap();
    assert_eq!(Checkpoint::new(&path).load().unwrap(), Some(u64::MAX));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn names_what_it_cannot_understand() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.checkpoint");
    for text in [
        "",
        "7",
        "relay-checkpoint-2 7 0000000000000000",
        "relay-checkpoint-1 7 0000000000000000",
    ] {
        std::fs::write(&path, text).unwrap();
        let error = Checkpoint::new(&path).load().unwrap_err();
        assert!(
            matches!(error, CheckpointError::Malformed { .. }),
            "{text:?}: {error}"
        );
    }
    let missing = Checkpoint::new(folder.path().join("no/such/folder"))
        .store(1)
        .unwrap_err();
    assert!(matches!(missing, CheckpointError::File { attempt: "write", .. }));
}
