use super::*;

fn ask(watch: &mut Watch, path: &Path) -> Answer {
    let minute = Duration::from_secs(60);
    let patience = Patience {
        total: minute,
        least: minute,
    };
    watch.ask(path, Instant::now(), patience)
}

#[test]
fn one_thread_answers_again_and_again() {
    let mut watch = Watch::default();
    for _ in 0..3 {
        assert!(matches!(ask(&mut watch, Path::new("/")), Answer::Room(_)));
        assert!(watch.asker.is_some());
    }
    let Answer::Failed(text) = ask(&mut watch, Path::new("/proc/self/none")) else {
        panic!("a path that does not exist has no room");
    };
    assert_eq!(text, describe(Errno::NOENT));
    assert_eq!(watch.hanging(), 0);
}

#[test]
fn errors_in_words() {
    assert_eq!(describe(Errno::ACCESS), "permission denied");
    assert_eq!(describe(Errno::NOENT), "no such file or directory");
}

/// A path whose thread never answers: the sender is kept here, and no thread holds it.
fn stuck(path: &str) -> ((PathBuf, Receiver<Reply>), SyncSender<Reply>) {
    let (answer, replies) = sync_channel(1);
    ((PathBuf::from(path), replies), answer)
}

#[test]
fn a_hanging_path_is_left_alone_until_its_thread_returns() {
    let mut watch = Watch::default();
    let (entry, answer) = stuck("/");
    watch.hanging.push(entry);
    watch.look_for_returned();
    assert!(matches!(ask(&mut watch, Path::new("/")), Answer::Hangs));
    assert!(watch.asker.is_none(), "no question was asked");

    answer.send(Err(Errno::NOTCONN)).unwrap();
    watch.look_for_returned();
    assert!(matches!(ask(&mut watch, Path::new("/")), Answer::Room(_)));
}

#[test]
fn the_number_of_threads_is_bounded() {
    let mut watch = Watch::default();
    let mut answers = Vec::new();
    for n in 0..MAX_HANGING {
        let (entry, answer) = stuck(&format!("/mnt/{n}"));
        watch.hanging.push(entry);
        answers.push(answer);
    }
    assert!(matches!(ask(&mut watch, Path::new("/")), Answer::Unknown(_)));
    answers.pop();
    watch.look_for_returned();
    assert!(matches!(ask(&mut watch, Path::new("/")), Answer::Room(_)));
}
