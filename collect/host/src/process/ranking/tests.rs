use super::*;

fn process(pid: u32, resident_pages: u64) -> (u32, Tracked) {
    let tracked = Tracked {
        start: u64::from(pid),
        resident_pages,
        ..Tracked::default()
    };
    (pid, tracked)
}

fn shown(tracked: &HashMap<u32, Tracked>) -> Vec<u32> {
    let mut shown: Vec<u32> = tracked
        .iter()
        .filter(|(_, t)| t.shown)
        .map(|(pid, _)| *pid)
        .collect();
    shown.sort_unstable();
    shown
}

#[test]
fn the_leaders_by_each_measure_are_shown() {
    let mut tracked: HashMap<u32, Tracked> = (1..=100).map(|pid| process(pid, 0)).collect();
    tracked.get_mut(&10).unwrap().resident_pages = 1;
    tracked.get_mut(&20).unwrap().system_gain = 1;
    tracked.get_mut(&30).unwrap().descriptors = Some(1);
    let io = tracked.get_mut(&40).unwrap();
    (io.io_gain.read, io.io_is_new) = (1, true);
    tracked.get_mut(&50).unwrap().io_gain.read = 1;
    tracked.get_mut(&60).unwrap().kernel = true;
    tracked.get_mut(&60).unwrap().resident_pages = 99;
    choose(&mut tracked, 1);
    assert_eq!(shown(&tracked), [10, 20, 30, 40]);
}

#[test]
fn who_led_stays_for_a_while() {
    let mut tracked: HashMap<u32, Tracked> = (1..=20).map(|pid| process(pid, 100 - u64::from(pid))).collect();
    choose(&mut tracked, 1);
    assert_eq!(shown(&tracked), (1..=12).collect::<Vec<_>>());
    tracked.get_mut(&1).unwrap().resident_pages = 0;
    for generation in 2..=1 + HOLD {
        choose(&mut tracked, generation);
        assert_eq!(shown(&tracked), (1..=13).collect::<Vec<_>>(), "{generation}");
    }
    choose(&mut tracked, 2 + HOLD);
    assert_eq!(shown(&tracked), (2..=13).collect::<Vec<_>>());
}

#[test]
fn no_more_than_the_bound_are_shown_and_leaders_come_first() {
    let mut tracked: HashMap<u32, Tracked> = (1..=200).map(|pid| process(pid, 0)).collect();
    // Other processes lead in each collection.
    for generation in 1..=HOLD {
        for (pid, tracked) in &mut tracked {
            let leads = u64::from(*pid) / 12 == generation;
            tracked.resident_pages = u64::from(leads);
        }
        choose(&mut tracked, generation);
        let shown = shown(&tracked);
        assert!(shown.len() <= MAX_SHOWN);
        let leaders = tracked.iter().filter(|(_, t)| t.led == generation);
        assert!(leaders.clone().count() == 12 && leaders.into_iter().all(|(_, t)| t.shown));
    }
    assert_eq!(shown(&tracked).len(), MAX_SHOWN);
}

#[test]
fn all_processes_are_looked_at_in_turn() {
    let mut tracked: HashMap<u32, Tracked> = (1..=100).map(|pid| process(pid, 0)).collect();
    tracked.get_mut(&7).unwrap().kernel = true;
    for generation in 1..=10 {
        let candidates = candidates(&tracked, 10);
        assert_eq!(candidates.len(), 10);
        for pid in candidates {
            tracked.get_mut(&pid).unwrap().costly_read = generation;
        }
    }
    let unread: Vec<&u32> = tracked
        .iter()
        .filter(|(_, t)| t.costly_read == 0)
        .map(|(pid, _)| pid)
        .collect();
    assert_eq!(unread, [&7]);
}
