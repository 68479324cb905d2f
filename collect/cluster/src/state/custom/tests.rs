use std::sync::Arc;

use expect_test::{Expect, expect};

use super::CustomResources;
use crate::objects::{CustomKind, Interner, Kind, decode};
use crate::state::{StateMetrics, StateOptions};

/// An object with something of everything.
const FOO: &str = r#"{"apiVersion":"myteam.io/v1","kind":"Foo",
    "metadata":{"name":"foo","namespace":"ns","annotations":{"bar":"baz","qux/x":"quxx"},"labels":{"foo":"bar"}},
    "spec":{"version":"v1.2.3","order":[{"id":1,"value":true},{"id":3,"value":"no"},{"id":4}],
        "refs":["one","two"],"replicas":1,"cpu":"250m","share":"12%","paused":false},
    "status":{"phase":"Pending","active":{"type-a":1,"type-b":3},
        "sub":{"type-a":{"active":1,"ready":2},"type-b":{"active":3,"ready":4}},
        "conditions":[{"name":"a","value":45},{"name":"b","value":66,"status":"True"},{"name":"c","status":"Unknown",
        "at":"2026-01-02T15:04:05Z"}],"uptime":43.21,"empty":null}}"#;

fn check(resource: &str, expected: &Expect) {
    let yaml = format!("kind: CustomResourceStateMetrics\nspec:\n  resources:\n{resource}");
    let custom = CustomResources::from_yaml(&yaml).unwrap_or_else(|e| panic!("{}", model::with_causes(&e)));
    let kind = CustomKind {
        group: "myteam.io".to_owned(),
        version: "v1".to_owned(),
        kind: "Foo".to_owned(),
        plural: "foos".to_owned(),
        namespaced: true,
    };
    let kind = Kind::Custom(Arc::new(kind));
    let interner = Interner::default();
    let mut object = decode(&kind, FOO.as_bytes(), &interner).unwrap_or_else(|e| panic!("{e}"));
    custom.read(&mut object, FOO.as_bytes(), &interner);
    let options = StateOptions {
        custom_resources: custom.clone(),
        ..StateOptions::default()
    };
    let metrics = StateMetrics::new(&options).unwrap_or_else(|e| panic!("{e}"));
    let mut text = Vec::new();
    metrics
        .write_text(&[(kind, vec![Arc::new(object)])], &mut text)
        .unwrap();
    let text = String::from_utf8(text).unwrap();
    let gvk = r#"customresource_group="myteam.io",customresource_kind="Foo",customresource_version="v1""#;
    let text = text.replace(gvk, "GVK");
    expected.assert_eq(&format!("{text}{} failed\n", custom.failed()));
}

#[test]
fn a_number_with_labels_from_everywhere() {
    check(
        r#"
    - groupVersionKind: {group: myteam.io, version: v1, kind: Foo}
      commonLabels: {team: a}
      labelsFromPath:
        name: [metadata, name]
        "*": [metadata, labels]
        "lorem_*": [metadata, annotations]
      metrics:
        - name: uptime
          help: "Foo uptime"
          commonLabels: {team: b}
          each: {type: Gauge, gauge: {path: [status, uptime]}}
"#,
        &expect![[r##"
            # HELP kube_customresource_uptime Foo uptime
            # TYPE kube_customresource_uptime gauge
            kube_customresource_uptime{GVK,foo="bar",lorem_bar="baz",lorem_qux_x="quxx",name="foo",team="b"} 43.21
            0 failed
        "##]],
    );
}

#[test]
fn elements_of_objects_and_lists() {
    check(
        r#"
    - groupVersionKind: {group: myteam.io, kind: Foo, version: "*"}
      metricNamePrefix: ""
      labelsFromPath: {name: [metadata, name]}
      metrics:
        - name: sub
          each:
            type: gauge
            gauge: {path: [status, sub], labelFromKey: type, labelsFromPath: {active: [active]}, valueFrom: [ready]}
        - name: active
          each: {type: Gauge, gauge: {path: [status, active], labelFromKey: type}}
        - name: order
          each: {type: Gauge, gauge: {path: [spec, order], labelsFromPath: {id: [id]}, valueFrom: [value]}}
        - name: order_or_zero
          each: {type: Gauge, gauge: {path: [spec, order], labelsFromPath: {id: [id]}, valueFrom: [value], nilIsZero: true}}
        - name: b
          each: {type: Gauge, gauge: {path: [status, conditions, "[name=b]", value]}}
        - name: last
          each: {type: Gauge, gauge: {path: [status, conditions, "-1", at]}}
        - name: of_status
          each: {type: Gauge, gauge: {path: [status], valueFrom: [uptime]}}
"#,
        &expect![[r##"
            # HELP active 
            # TYPE active gauge
            active{GVK,name="foo",type="type-a"} 1
            active{GVK,name="foo",type="type-b"} 3
            # HELP b 
            # TYPE b gauge
            b{GVK,name="foo"} 66
            # HELP last 
            # TYPE last gauge
            last{GVK,name="foo"} 1767366245
            # HELP of_status 
            # TYPE of_status gauge
            of_status{GVK,name="foo"} 43.21
            # HELP order 
            # TYPE order gauge
            order{GVK,id="1",name="foo"} 1
            order{GVK,id="3",name="foo"} 0
            # HELP order_or_zero 
            # TYPE order_or_zero gauge
            order_or_zero{GVK,id="1",name="foo"} 1
            order_or_zero{GVK,id="3",name="foo"} 0
            order_or_zero{GVK,id="4",name="foo"} 0
            # HELP sub 
            # TYPE sub gauge
            sub{active="1",GVK,name="foo",type="type-a"} 2
            sub{active="3",GVK,name="foo",type="type-b"} 4
            0 failed
        "##]],
    );
}

#[test]
fn what_counts_as_a_number() {
    check(
        r#"
    - groupVersionKind: {group: myteam.io, kind: "*", version: v1}
      metricNamePrefix: foo
      metrics:
        - {name: cpu, each: {type: Gauge, gauge: {path: [spec, cpu]}}}
        - {name: share, each: {type: Gauge, gauge: {path: [spec, share]}}}
        - {name: paused, each: {type: Gauge, gauge: {path: [spec, paused]}}}
        - {name: phase, each: {type: Gauge, gauge: {path: [status, phase]}}}
        - {name: unknown, each: {type: Gauge, gauge: {path: [status, conditions, "2", status]}}}
        - {name: missing, each: {type: Gauge, gauge: {path: [status, nothing]}}}
        - {name: empty, each: {type: Gauge, gauge: {path: [status, empty], nilIsZero: true}}}
"#,
        &expect![[r#"
            # HELP foo_cpu 
            # TYPE foo_cpu gauge
            foo_cpu{GVK} 0.25
            # HELP foo_empty 
            # TYPE foo_empty gauge
            foo_empty{GVK} 0
            # HELP foo_paused 
            # TYPE foo_paused gauge
            foo_paused{GVK} 0
            # HELP foo_share 
            # TYPE foo_share gauge
            foo_share{GVK} 0.12
            # HELP foo_unknown 
            # TYPE foo_unknown gauge
            foo_unknown{GVK} 0
            2 failed
        "#]],
    );
}

#[test]
fn information_and_states() {
    check(
        r#"
    - groupVersionKind: {group: myteam.io, version: v1, kind: Foo}
      metrics:
        - name: version_info
          each: {type: Info, info: {path: [spec], labelsFromPath: {version: [version]}}}
        - name: ref_info
          each: {type: Info, info: {path: [spec, refs], labelsFromPath: {ref: []}}}
        - name: sub_info
          each: {type: Info, info: {path: [status, sub], labelFromKey: type, labelsFromPath: {active: [active]}}}
        - name: phase
          each: {type: StateSet, stateSet: {path: [status, phase], labelName: phase, list: [Pending, Bar]}}
        - name: condition
          each: {type: StateSet, stateSet: {path: [status, conditions], valueFrom: [status], labelsFromPath: {name: [name]}, labelName: status, list: ["True", "False"]}}
"#,
        &expect![[r##"
            # HELP kube_customresource_condition 
            # TYPE kube_customresource_condition gauge
            kube_customresource_condition{GVK,name="b",status="True"} 1
            kube_customresource_condition{GVK,name="b",status="False"} 0
            kube_customresource_condition{GVK,name="c",status="True"} 0
            kube_customresource_condition{GVK,name="c",status="False"} 0
            # HELP kube_customresource_phase 
            # TYPE kube_customresource_phase gauge
            kube_customresource_phase{GVK,phase="Pending"} 1
            kube_customresource_phase{GVK,phase="Bar"} 0
            # HELP kube_customresource_ref_info 
            # TYPE kube_customresource_ref_info gauge
            kube_customresource_ref_info{GVK,ref="one"} 1
            kube_customresource_ref_info{GVK,ref="two"} 1
            # HELP kube_customresource_sub_info 
            # TYPE kube_customresource_sub_info gauge
            kube_customresource_sub_info{active="1",GVK,type="type-a"} 1
            kube_customresource_sub_info{active="3",GVK,type="type-b"} 1
            # HELP kube_customresource_version_info 
            # TYPE kube_customresource_version_info gauge
            kube_customresource_version_info{GVK,version="v1.2.3"} 1
            1 failed
        "##]],
    );
}

#[test]
fn other_kinds_have_nothing() {
    check(
        "    - groupVersionKind: {group: other.io, version: v1, kind: Foo}\n      metrics: [{name: x, each: {type: Gauge, gauge: {path: [spec]}}}]\n    - groupVersionKind: {group: myteam.io, version: v2, kind: Foo}\n      metrics: [{name: y, each: {type: Gauge, gauge: {path: [spec]}}}]\n",
        &expect![[r#"
            0 failed
        "#]],
    );
}

#[test]
fn files_that_say_nonsense_are_refused() {
    let metric = |metric: &str| {
        format!(
            "spec: {{resources: [{{groupVersionKind: {{group: g, kind: K, version: v}}, metrics: [{metric}]}}]}}"
        )
    };
    for (yaml, word) in [
        ("kind: Deployment".to_owned(), "Deployment"),
        ("spec: 3".to_owned(), "cannot read"),
        (
            "spec: {resources: [{groupVersionKind: {kind: K}}]}".to_owned(),
            "no group",
        ),
        (metric("{name: x, each: {type: Counter}}"), "Gauge"),
        (metric("{name: x, each: {type: Gauge}}"), "each.gauge"),
        (
            metric("{name: 'x y', each: {type: Gauge, gauge: {path: []}}}"),
            "x y",
        ),
        (
            metric("{name: x, each: {type: Gauge, gauge: {path: ['[a]']}}}"),
            "[a]",
        ),
    ] {
        let mistake = CustomResources::from_yaml(&yaml).unwrap_err();
        let mistake = model::with_causes(&mistake);
        assert!(mistake.contains(word), "{yaml}: {mistake}");
    }
    assert!(CustomResources::from_yaml("spec: {}").unwrap().is_empty());
}

proptest::proptest! {
    #[test]
    fn nothing_panics(path in proptest::collection::vec(r"(\[[a-z=]{0,5}\]|-?[0-9]{1,3}|spec|status|order|refs|[a-z=]{0,4})", 0..4)) {
        let parts: Vec<String> = path.iter().map(|part| format!("{part:?}")).collect();
        let parts = parts.join(", ");
        let yaml = format!(
            "spec: {{resources: [{{groupVersionKind: {{group: g, kind: K, version: v}}, metrics: [\
             {{name: a, each: {{type: Gauge, gauge: {{path: [{parts}], valueFrom: [{parts}]}}}}}},\
             {{name: b, each: {{type: Info, info: {{path: [{parts}], labelsFromPath: {{'x*': [{parts}]}}}}}}}},\
             {{name: c, each: {{type: StateSet, stateSet: {{path: [{parts}], list: [a]}}}}}}]}}]}}"
        );
        if let Ok(custom) = CustomResources::from_yaml(&yaml) {
            let kind = CustomKind { group: "g".into(), version: "v".into(), kind: "K".into(), plural: "ks".into(), namespaced: true };
            let interner = Interner::default();
            let mut object = decode(&Kind::Custom(Arc::new(kind)), FOO.as_bytes(), &interner).unwrap();
            custom.read(&mut object, FOO.as_bytes(), &interner);
            proptest::prop_assert!(object.custom().is_some());
        }
    }
}
