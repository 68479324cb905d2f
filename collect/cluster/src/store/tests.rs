use std::sync::Arc;

use super::Store;
use crate::objects::{Kind, Uid, decode};

const UID: &str = "00000000-0000-0000-0000-00000000000";

fn apply(store: &Store, name: &str, uid: u8, version: u64) {
    let json = format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"shop","uid":"{UID}{uid}","resourceVersion":"{version}"}},"spec":{{}}}}"#
    );
    let object = decode(&Kind::Lease, json.as_bytes(), store.interner()).expect("the lease is one");
    store.apply(object);
}

fn names(store: &Store) -> Vec<String> {
    let mut names: Vec<_> = store
        .list(&Kind::Lease)
        .iter()
        .map(|object| object.meta.name.to_string())
        .collect();
    names.sort();
    names
}

#[test]
fn what_a_complete_list_does_not_have_is_gone() {
    let store = Store::default();
    for (i, name) in ["a", "b", "c"].into_iter().enumerate() {
        apply(&store, name, u8::try_from(i).expect("three"), 1);
    }
    store.begin(&Kind::Lease);
    apply(&store, "b", 1, 1);
    apply(&store, "d", 4, 2);
    assert_eq!(names(&store), ["a", "b", "c", "d"]);
    assert_eq!(store.complete(&Kind::Lease), 2);
    assert_eq!(names(&store), ["b", "d"]);
    assert!(store.find_uid(Uid::parse(&format!("{UID}0"))).is_none());
    assert!(store.find_uid(Uid::parse(&format!("{UID}1"))).is_some());
}

#[test]
fn an_interrupted_list_that_begins_again_loses_nothing() {
    let store = Store::default();
    apply(&store, "a", 1, 1);
    store.begin(&Kind::Lease);
    store.begin(&Kind::Lease);
    apply(&store, "a", 1, 1);
    assert_eq!(store.complete(&Kind::Lease), 0);
    assert_eq!(names(&store), ["a"]);
}

#[test]
fn an_object_that_comes_again_as_it_is_keeps_its_place_in_memory() {
    let store = Store::default();
    apply(&store, "a", 1, 7);
    let before = store.find(&Kind::Lease, "shop", "a").expect("it was applied");
    let revision = store.revision();
    apply(&store, "a", 1, 7);
    let after = store.find(&Kind::Lease, "shop", "a").expect("it was applied");
    assert!(Arc::ptr_eq(&before, &after));
    assert_eq!(store.revision(), revision);
}

#[test]
fn a_new_object_under_an_old_name_has_its_own_identity() {
    let store = Store::default();
    apply(&store, "a", 1, 1);
    apply(&store, "a", 2, 2);
    assert!(store.find_uid(Uid::parse(&format!("{UID}1"))).is_none());
    assert!(store.find_uid(Uid::parse(&format!("{UID}2"))).is_some());
    store.delete(&Kind::Lease, "shop", "a");
    assert!(store.find_uid(Uid::parse(&format!("{UID}2"))).is_none());
    assert_eq!(store.count(&Kind::Lease), 0);
}

#[test]
fn a_delivery_tells_what_the_one_before_had() {
    let store = Store::default();
    apply(&store, "stays", 1, 1);
    apply(&store, "changes", 2, 1);
    apply(&store, "goes", 3, 1);
    apply(&store, "is replaced", 4, 1);
    assert!(store.begin_delivery().superseded.is_empty());

    apply(&store, "changes", 2, 2);
    apply(&store, "changes", 2, 3);
    store.delete(&Kind::Lease, "shop", "goes");
    store.delete(&Kind::Lease, "shop", "is replaced");
    apply(&store, "is replaced", 5, 4);
    apply(&store, "comes and goes", 6, 5);
    store.delete(&Kind::Lease, "shop", "comes and goes");

    let delivery = store.begin_delivery();
    let mut told: Vec<_> = delivery
        .superseded
        .iter()
        .map(|one| {
            (
                one.delivered.meta.name.to_string(),
                one.delivered.meta.resource_version,
                one.present.as_ref().map(|present| present.meta.resource_version),
            )
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            ("changes".to_owned(), 1, Some(3)),
            ("goes".to_owned(), 1, None),
            ("is replaced".to_owned(), 1, Some(4)),
        ]
    );
    assert!(store.begin_delivery().superseded.is_empty());
}

#[test]
fn strings_of_objects_that_are_gone_are_forgotten() {
    let store = Store::default();
    let empty = store.interner().size();
    for i in 0..9 {
        apply(&store, &format!("name-{i}"), i, 1);
    }
    assert!(store.interner().size().0 > empty.0 + 8);
    store.begin(&Kind::Lease);
    assert_eq!(store.complete(&Kind::Lease), 9);
    assert_eq!(store.interner().size().0, empty.0);
}

#[test]
fn strings_of_what_was_deleted_at_once_are_given_back_after_two_deliveries() {
    let store = Store::default();
    let uid = |i: usize| format!("00000000-0000-0000-0000-{i:012}");
    for i in 0..500 {
        let json = format!(
            r#"{{"metadata":{{"name":"name-{i}","namespace":"shop","uid":"{}","resourceVersion":"1"}},"spec":{{}}}}"#,
            uid(i)
        );
        let object = decode(&Kind::Lease, json.as_bytes(), store.interner()).expect("the lease is one");
        store.apply(object);
    }
    drop(store.begin_delivery());
    store.tidy();
    assert!(store.interner().size().0 > 500);
    for i in 1..500 {
        store.delete(&Kind::Lease, "shop", &format!("name-{i}"));
    }
    for _ in 0..2 {
        drop(store.begin_delivery());
        store.tidy();
    }
    assert!(store.interner().size().0 < 10, "{:?}", store.interner().size());
}
