use std::fmt::Write;

use super::{Body, ContainerState, Interner, Kind, NO_TIME, Object, decode};

fn read(kind: &Kind, json: &str) -> Object {
    decode(kind, json.as_bytes(), &Interner::default())
        .unwrap_or_else(|e| panic!("{}", model::with_causes(&e)))
}

#[test]
fn every_kind_reads_an_object_that_has_only_a_name() {
    for kind in Kind::built_in() {
        let object = read(&kind, r#"{"metadata":{"name":"x"}}"#);
        assert_eq!(object.kind(), &kind);
        assert_eq!(&*object.meta.name, "x");
    }
}

#[test]
fn null_reads_as_missing() {
    let json = r#"{"metadata":{"name":"x","namespace":"n","labels":null,"annotations":null,"ownerReferences":null,
        "creationTimestamp":null,"finalizers":null},
        "spec":{"containers":null,"volumes":null,"nodeSelector":null,"overhead":null,"tolerations":null},
        "status":{"conditions":null,"containerStatuses":[{"name":null,"state":{"terminated":{"startedAt":null}},
        "lastState":{}}],"startTime":null}}"#;
    let object = read(&Kind::Pod, json);
    assert_eq!(object.meta.created, 0);
    let Body::Pod(pod) = &object.body else {
        panic!("not a pod");
    };
    let [container] = &*pod.status.containers else {
        panic!("not one container");
    };
    let ContainerState::Terminated(end) = &container.state else {
        panic!("not ended");
    };
    assert_eq!((end.started_at, end.finished_at), (NO_TIME, NO_TIME));
}

#[test]
fn secrets_of_secrets_are_not_kept() {
    let json = r#"{"metadata":{"name":"x","annotations":{
        "kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"key\":\"aHVudGVyMg==\"}}","a":"b"}},
        "type":"Opaque","data":{"key":"aHVudGVyMg=="},"stringData":{"key":"hunter2"}}"#;
    let interner = Interner::default();
    let object = decode(&Kind::Secret, json.as_bytes(), &interner).unwrap();
    let shown = format!("{object:?}{interner:?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("aHVudGVyMg"),
        "{shown}"
    );
    assert_eq!(object.meta.annotation("a"), Some("b"));
}

#[test]
fn long_annotations_are_left_out() {
    let json = format!(
        r#"{{"metadata":{{"name":"x","annotations":{{"long":"{}","short":"s"}}}}}}"#,
        "x".repeat(9000)
    );
    let object = read(&Kind::ConfigMap, &json);
    assert_eq!(object.meta.annotations.len(), 1);
}

#[test]
fn identities_of_containers_come_back() {
    let hex = "0123456789abcdef".repeat(4);
    for id in [
        format!("containerd://{hex}"),
        format!("cri-o://{}", hex.to_uppercase()),
        format!("docker://{hex}0"),
        hex.clone(),
        String::new(),
        "é".repeat(40),
    ] {
        let json = format!(
            r#"{{"metadata":{{"name":"x"}},"status":{{"containerStatuses":[{{"containerID":"{id}"}}]}}}}"#
        );
        let object = read(&Kind::Pod, &json);
        let Body::Pod(pod) = &object.body else {
            panic!("not a pod");
        };
        assert_eq!(pod.status.containers[0].id.to_string(), id);
    }
}

#[test]
fn mistakes_name_the_kind() {
    let interner = Interner::default();
    for json in [
        "",
        "{",
        "null",
        "[]",
        "{}",
        r#"{"metadata":{}}"#,
        r#"{"metadata":{"name":1}}"#,
        r#"{"metadata":{"name":"x"},"spec":{"containers":{}}}"#,
        r#"{"metadata":{"name":"x","creationTimestamp":"yesterday"}}"#,
        r#"{"metadata":{"name":"x"},"spec":{"overhead":{"cpu":"much"}}}"#,
    ] {
        let mistake = decode(&Kind::Pod, json.as_bytes(), &interner).unwrap_err();
        assert!(mistake.to_string().contains("pods"), "{mistake}");
    }
}

/// Values of every type in places where each kind expects another one.
fn any_json() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>()
            .prop_filter("JSON has no such number", |n| n.is_finite())
            .prop_map(|n| format!("{n:e}")),
        "[a-zA-Z0-9:/.%*=é-]{0,12}".prop_map(|s| format!("\"{s}\"")),
        Just("\"2026-01-02T15:04:05Z\"".to_owned()),
        Just("\"250m\"".to_owned()),
    ];
    let names = prop_oneof![
        "(name|type|status|spec|containers|metadata|labels|conditions|requests|limits|resources|ports|rules)",
        "(startTime|creationTimestamp|webhooks|subsets|addresses|metrics|hard|used|state|running|terminated)",
        "(containerStatuses|selector|strategy|rollingUpdate|maxSurge|schedule|certificate|volumes|csi|fc)",
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|pairs| {
                let mut text = "{".to_owned();
                for (i, (name, value)) in pairs.iter().enumerate() {
                    let comma = if i == 0 { "" } else { "," };
                    write!(text, "{comma}\"{name}\":{value}").unwrap();
                }
                text + "}"
            }),
        ]
    })
}

proptest::proptest! {
    #[test]
    fn nothing_panics(body in any_json()) {
        let interner = Interner::default();
        let json = format!(r#"{{"metadata":{{"name":"x"}},"spec":{body},"status":{body},"subsets":{body},"webhooks":{body}}}"#);
        for kind in Kind::built_in() {
            if let Ok(object) = decode(&kind, json.as_bytes(), &interner) {
                proptest::prop_assert_eq!(object.kind(), &kind);
            }
            proptest::prop_assert!(decode(&kind, body.as_bytes(), &interner).is_err() || body.contains("metadata"));
        }
    }
}
