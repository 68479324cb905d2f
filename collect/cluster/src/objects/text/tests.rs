use super::Interner;
use crate::objects::{Body, Kind, decode};

fn pod(name: &str, template: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","labels":{{"app":"{template}"}},
        "ownerReferences":[{{"kind":"ReplicaSet","name":"{template}"}}]}},
        "spec":{{"nodeName":"node-{name}","containers":[{{"name":"c","image":"{template}"}}]}}}}"#
    )
}

#[test]
fn equal_strings_are_one() {
    let interner = Interner::default();
    let (a, b) = (interner.intern("kube-system"), interner.intern("kube-system"));
    assert!(std::ptr::eq(a.as_str(), b.as_str()));
    assert_eq!(interner.size().0, 1);
}

#[test]
fn what_nobody_has_leaves() {
    let interner = Interner::default();
    let pods: Vec<_> = (0..10)
        .map(|i| decode(&Kind::Pod, pod(&format!("p{i}"), "web").as_bytes(), &interner).unwrap())
        .collect();
    let (n, bytes) = interner.size();
    assert!(n > 20 && bytes > 400, "{n} strings of {bytes} bytes");
    drop(pods);
    interner.sweep();
    assert_eq!(interner.size().0, 0);
}

#[test]
fn a_stream_of_new_strings_does_not_pile_up() {
    let interner = Interner::default();
    for i in 0..100_000 {
        interner.intern(&format!("pod-{i}"));
    }
    assert!(interner.size().0 <= super::SMALL, "{:?}", interner.size());
}

#[test]
fn pods_of_one_template_share_it() {
    let interner = Interner::default();
    let decode = |name, template| decode(&Kind::Pod, pod(name, template).as_bytes(), &interner).unwrap();
    let (a, b, c) = (decode("a", "web"), decode("b", "web"), decode("c", "db"));
    let template = |object: &crate::objects::Object| match &object.body {
        Body::Pod(pod) => std::ptr::from_ref(&pod.spec.containers[0]),
        _ => panic!("not a pod"),
    };
    assert_eq!(template(&a), template(&b));
    assert_ne!(template(&a), template(&c));
    assert!(std::ptr::eq(&*a.meta.labels, &*b.meta.labels));
    assert!(std::ptr::eq(&*a.meta.owners, &*b.meta.owners));
}
