use super::*;

fn tree() -> (tempfile::TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("proc/net")).unwrap();
    std::fs::write(dir.path().join("proc/stat"), "cpu 1 2\n").unwrap();
    let root = Root::at(dir.path());
    (dir, root)
}

#[test]
fn reads_files_of_any_length() {
    let (dir, root) = tree();
    for length in [0, 1, 4095, 4096, 4097, 100_000] {
        std::fs::write(dir.path().join("proc/long"), vec![b'x'; length]).unwrap();
        let mut buffer = b"old".to_vec();
        assert_eq!(root.read("proc/long", &mut buffer).unwrap().len(), length);
    }
    assert_eq!(root.read_text("/proc/stat").unwrap(), "cpu 1 2");
    assert_eq!(root.list("proc").unwrap(), ["long", "net", "stat"]);
}

#[test]
fn tells_absent_from_failed() {
    let (_dir, root) = tree();
    let error = root.read_text("proc/nothing").unwrap_err();
    assert_eq!(error.to_string(), "/proc/nothing is not there");
    assert!(matches!(
        root.read_text("proc/net"),
        Err(CollectError::Read { .. })
    ));
}

#[test]
fn refuses_a_file_that_would_fill_the_memory() {
    let (dir, root) = tree();
    let file = File::create(dir.path().join("proc/huge")).unwrap();
    file.set_len(MAX_FILE_BYTES + 4096).unwrap();
    assert!(matches!(
        root.read_text("proc/huge"),
        Err(CollectError::Read { .. })
    ));
}
