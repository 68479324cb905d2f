use super::*;

fn stat(user: u64, system: u64) -> Stat<'static> {
    Stat {
        comm: "a",
        kernel: false,
        user,
        system,
        threads: 2,
        start: 1,
        virtual_bytes: 100,
        resident_pages: 10,
    }
}

#[test]
fn counters_that_the_kernel_takes_back_stand_still() {
    let mut tracked = Tracked::new(&stat(10, 10), 1);
    tracked.update(&stat(11, 9), 2);
    assert_eq!((tracked.user, tracked.system), (11, 10));
    assert_eq!((tracked.user_gain, tracked.system_gain), (1, 0));
    tracked.update(&stat(11, 12), 3);
    assert_eq!((tracked.system, tracked.cpu_gain()), (12, 2));
}

#[test]
fn what_was_moved_before_the_first_look_counts_for_new_processes_only() {
    let io = Io::parse(b"rchar: 9\nread_bytes: 7\nwrite_bytes: 5\ncancelled_write_bytes: 0\n");
    let mut new = Tracked::new(&stat(0, 0), 4);
    new.update_io(io, 4);
    assert_eq!(new.io_gain.total(), 12);
    let mut old = Tracked::new(&stat(0, 0), 3);
    old.update_io(io, 4);
    assert_eq!(old.io_gain.total(), 0);
    old.update_io(Io::parse(b"read_bytes: 8\nwrite_bytes: 5\n"), 5);
    assert_eq!((old.io_gain, old.io_is_new), (Io { read: 1, written: 0 }, true));
    assert_eq!(Io::parse(b"read_bytes: 8\n"), None);
}

#[test]
fn each_gain_is_in_one_place() {
    let mut other = Other::default();
    let mut tracked = Tracked::new(&stat(10, 0), 1);
    // (shown, what the others' counter then says); 5 ticks are used before each.
    for (generation, (shown, expected)) in [
        (true, 0),
        (true, 0),
        (false, 5),
        (false, 10),
        (true, 15),
        (true, 15),
    ]
    .into_iter()
    .enumerate()
    {
        let generation = generation as u64 + 1;
        if generation > 1 {
            tracked.update(&stat(10 + 5 * (generation - 1), 0), generation);
        }
        tracked.shown = shown;
        other.begin();
        other.add(&tracked, generation);
        assert_eq!(other.user, expected, "{generation}");
        assert_eq!(other.threads, if shown { 0 } else { 2 });
    }
}
