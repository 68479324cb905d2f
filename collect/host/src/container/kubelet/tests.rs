use super::*;
use crate::testing::Tree;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const UID: &str = "2f0b1c7e-8a37-4c3f-9d5a-0a6f0c1d2e3f";

fn of_pod() -> Identity {
    Identity {
        namespace: "shop".to_owned(),
        pod: "web-0".to_owned(),
        uid: UID.to_owned(),
        container: "nginx".to_owned(),
        ..Identity::default()
    }
}

fn touch(tree: &Tree, path: &str, content: &str, seconds: u64) {
    tree.write(path, content);
    let file = std::fs::File::options()
        .write(true)
        .open(tree.root().path(path))
        .unwrap();
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    file.set_modified(time).unwrap();
}

#[test]
fn the_logs_of_a_pods_container() {
    let tree = Tree::new();
    let folder = format!("var/log/pods/shop_web-0_{UID}/nginx");
    assert_eq!(logs(&tree.root(), &of_pod()), None);
    touch(&tree, &format!("{folder}/9.log"), "12345", 100);
    touch(&tree, &format!("{folder}/10.log"), "123", 300);
    touch(&tree, &format!("{folder}/10.log.20261122-140200"), "1234567", 250);
    touch(&tree, &format!("{folder}/10.log.20261122-130200.gz"), "12", 200);
    // What is no log of kubelet's, and what leads elsewhere.
    touch(&tree, &format!("{folder}/x.log"), "1", 900);
    touch(&tree, &format!("{folder}/notes"), "1", 900);
    tree.link(&format!("{folder}/11.log"), "/etc/shadow");
    tree.folder(&format!("{folder}/12.log"));
    let expected = Logs {
        current: format!("/{folder}/10.log"),
        bytes: 5 + 3 + 7 + 2,
        rotated: 2,
        written: 300.0,
    };
    assert_eq!(logs(&tree.root(), &of_pod()), Some(expected));
    // Another pod under the same name is another pod; a sandbox has no log.
    let other = Identity {
        uid: UID.replace('2', "3"),
        ..of_pod()
    };
    assert_eq!(logs(&tree.root(), &other), None);
    let sandbox = Identity {
        container: String::new(),
        ..of_pod()
    };
    assert_eq!(logs(&tree.root(), &sandbox), None);
}

#[test]
fn a_log_that_the_runtime_names() {
    let tree = Tree::new();
    let folder = format!("var/lib/docker/containers/{ID}");
    let identity = Identity {
        log: format!("/{folder}/{ID}-json.log"),
        ..of_pod()
    };
    touch(&tree, &format!("{folder}/{ID}-json.log"), "123", 30);
    touch(&tree, &format!("{folder}/{ID}-json.log.1"), "1234", 20);
    touch(&tree, &format!("{folder}/config.v2.json"), "{}", 90);
    let expected = Logs {
        current: identity.log.clone(),
        bytes: 7,
        rotated: 1,
        written: 30.0,
    };
    assert_eq!(logs(&tree.root(), &identity), Some(expected));
}

#[test]
fn a_link_names_a_container() {
    let tree = Tree::new();
    assert_eq!(container(&tree.root(), ID), None);
    let target = format!("/var/log/pods/shop_web-0_{UID}/nginx/0.log");
    tree.link(&format!("var/log/containers/web-0_shop_nginx-{ID}.log"), &target);
    tree.link(
        &format!("var/log/containers/a_b_c_d-{}.log", "e".repeat(64)),
        &target,
    );
    let found = container(&tree.root(), ID).unwrap();
    assert_eq!(
        (found.namespace, found.pod, found.container, found.known),
        ("shop".to_owned(), "web-0".to_owned(), "nginx".to_owned(), true)
    );
    assert_eq!(container(&tree.root(), &"e".repeat(64)), None);
    assert_eq!(container(&tree.root(), &"f".repeat(64)), None);
}
