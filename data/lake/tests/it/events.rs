//! Events are found by what people know of them, page by page, and remembered for who watches again.

use std::sync::Arc;

use lake::events::{Cursor, EventFilter, Events, Order};
use model::{Event, EventLog as _, EventObject, EventType, TimeRange};

use crate::support::{NOON, append, event, open, wait};

fn uids(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.uid.as_str()).collect()
}

#[test]
fn events_come_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    let mut full = event(3);
    full.related = Some(EventObject {
        kind: "Node".to_owned(),
        name: "node-1".to_owned(),
        ..EventObject::default()
    });
    full.message = "ünïcode, \"quotes\",\nlines and \u{1F4A5}".to_owned();
    full.count = u64::from(u32::MAX) + 7;
    let bare = Event {
        last_time: NOON,
        uid: "bare".to_owned(),
        ..Event::default()
    };
    append(&lake, vec![full.clone(), bare.clone()]);
    let filter = EventFilter::default();
    let found = wait(lake.events(&filter)).unwrap();
    assert_eq!(found.events, [full.clone(), bare.clone()]);
    assert_eq!(found.next, None);
    wait(lake.flush()).unwrap();
    assert_eq!(wait(lake.events(&filter)).unwrap().events, [full, bare]);
}

#[test]
fn filters_find_in_memory_and_in_files() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    append(&lake, (0..20).map(event).collect());
    wait(lake.flush()).unwrap();
    append(&lake, (20..40).map(event).collect());
    let find = |filter: EventFilter| wait(lake.events(&filter)).unwrap().events;
    let all = || EventFilter::default();
    assert_eq!(find(all()).len(), 40);
    let warnings = find(EventFilter {
        event_type: Some(EventType::Warning),
        ..all()
    });
    assert_eq!(warnings.len(), 8);
    assert!(warnings.iter().all(|event| event.reason == "BackOff"));
    assert_eq!(
        find(EventFilter {
            reason: Some("BackOff".to_owned()),
            ..all()
        })
        .len(),
        8
    );
    assert_eq!(
        find(EventFilter {
            object: Some("cart-3".to_owned()),
            ..all()
        })
        .len(),
        6
    );
    assert_eq!(
        find(EventFilter {
            object_uid: Some("pod-3".to_owned()),
            ..all()
        })
        .len(),
        6
    );
    assert_eq!(
        find(EventFilter {
            owner: Some("cart".to_owned()),
            ..all()
        })
        .len(),
        40
    );
    assert_eq!(
        find(EventFilter {
            node: Some("node-2".to_owned()),
            ..all()
        })
        .len(),
        13
    );
    assert_eq!(
        find(EventFilter {
            namespace: Some("other".to_owned()),
            ..all()
        })
        .len(),
        0
    );
    assert_eq!(
        find(EventFilter {
            kind: Some("Pod".to_owned()),
            ..all()
        })
        .len(),
        40
    );
    assert_eq!(
        find(EventFilter {
            cluster: Some("prod".to_owned()),
            ..all()
        })
        .len(),
        40
    );
    let range = TimeRange {
        start: NOON + 18_000,
        end: NOON + 21_000,
    };
    assert_eq!(
        uids(&find(EventFilter { range, ..all() })),
        ["uid-000021", "uid-000020", "uid-000019", "uid-000018"]
    );
}

#[test]
fn text_stands_for_itself_in_any_case() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    append(&lake, (0..3).map(event).collect());
    let mut other = event(9);
    other.message = "nothing of it".to_owned();
    other.reason = "OOMKilling".to_owned();
    append(&lake, vec![other]);
    let count = |text: &str| {
        let filter = EventFilter {
            text: Some(text.to_owned()),
            ..EventFilter::default()
        };
        wait(lake.events(&filter)).unwrap().events.len()
    };
    assert_eq!(count("MESSAGE 1 OF"), 1);
    assert_eq!(count("100% done_here"), 3);
    assert_eq!(count("100%here"), 0);
    assert_eq!(count("done-here"), 0);
    assert_eq!(count("oomk"), 1);
    assert_eq!(count("cart-2"), 2, "names of objects are text too");
    assert_eq!(count("' OR 1=1 --"), 0);
    assert_eq!(count("\\"), 0);
    assert_eq!(count(""), 4);
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    let mut events: Vec<Event> = (0..50).map(event).collect();
    for event in &mut events {
        // Ten at a time happened in the same millisecond.
        event.last_time = NOON + (event.last_time - NOON) / 10_000 * 10_000;
    }
    append(&lake, events.split_off(25));
    wait(lake.flush()).unwrap();
    append(&lake, events);
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let mut seen = Vec::new();
        let mut after: Option<Cursor> = None;
        loop {
            let filter = EventFilter {
                limit: 7,
                order,
                after,
                ..EventFilter::default()
            };
            let page = wait(lake.events(&filter)).unwrap();
            assert!(page.events.len() <= 7);
            seen.extend(page.events.into_iter().map(|event| event.uid));
            let Some(next) = page.next else { break };
            after = Some(Cursor::parse(&next.to_word()).unwrap());
        }
        assert_eq!(seen.len(), 50);
        let mut distinct = seen.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), 50);
        let mut sorted = seen.clone();
        sorted.sort();
        if order == Order::NewestFirst {
            sorted.reverse();
        }
        assert_eq!(seen, sorted);
    }
    assert_eq!(Cursor::parse("5.x.y"), None);
    assert_eq!(Cursor::parse(""), None);
}

#[test]
fn a_page_may_end_between_rows_of_one_event_at_one_time() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    let versions: Vec<String> = (10..30).map(|version| version.to_string()).collect();
    let rows = versions.iter().map(|version| Event {
        resource_version: version.clone(),
        ..event(1)
    });
    append(&lake, rows.collect());
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let filter = EventFilter {
                limit: 3,
                order,
                after,
                ..EventFilter::default()
            };
            let page = wait(lake.events(&filter)).unwrap();
            seen.extend(page.events.into_iter().map(|event| event.resource_version));
            let Some(next) = page.next else { break };
            after = Some(Cursor::parse(&next.to_word()).unwrap());
        }
        seen.sort();
        assert_eq!(seen, versions);
    }
    let place = Cursor::after(&Event {
        uid: "a.b".to_owned(),
        cluster: "prod.eu".to_owned(),
        ..event(1)
    });
    assert_eq!(Cursor::parse(&place.to_word()), Some(place));
    assert_eq!(Cursor::parse("1.2.3.99.0.short"), None);
}

#[test]
fn a_watcher_that_starts_again_learns_what_it_has_seen() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    let log = Events::new(Arc::clone(&lake));
    append(&lake, (0..10).map(event).collect());
    wait(lake.flush()).unwrap();
    let mut again = event(4);
    again.count = 77;
    again.resource_version = "9999".to_owned();
    again.observed_time += 60_000;
    again.last_time += 60_000;
    append(&lake, vec![again.clone()]);
    let mut elsewhere = event(5);
    elsewhere.cluster = "other".to_owned();
    elsewhere.count = 1000;
    append(&lake, vec![elsewhere]);
    let seen = wait(log.last_seen("prod", NOON)).unwrap();
    assert_eq!(seen.len(), 10);
    let newest = &seen["uid-000004"];
    assert_eq!(
        (newest.count, newest.resource_version.as_str(), newest.last_time),
        (77, "9999", again.last_time)
    );
    assert_eq!(seen["uid-000005"].count, 6);
    let since = NOON + 8_000;
    let mut recent: Vec<String> = wait(log.last_seen("prod", since)).unwrap().into_keys().collect();
    recent.sort();
    assert_eq!(recent, ["uid-000004", "uid-000008", "uid-000009"]);
    assert!(wait(log.last_seen("nobody", 0)).unwrap().is_empty());
}
