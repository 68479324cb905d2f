use cluster::objects::{Kind, decode};
use serde_json::{Value, json};

use crate::fixture::Fixture;

/// A server that knows a Deployment of two pods, one of which crashes, on a node.
fn fixture() -> Fixture {
    Fixture::new(crate::fixture::LOOPBACK, |_, sources| {
        let store = sources.clusters[0].store();
        let uid = |n: u8| format!("00000000-0000-0000-0000-0000000000{n:02}");
        let meta = |name: &str, n: u8, owner: Option<(&str, &str, u8)>| {
            let owners = owner.map(|(kind, name, n)| {
                json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid(n), "controller": true}])
            });
            json!({"name": name, "namespace": "shop", "uid": uid(n), "creationTimestamp": "1970-01-01T00:01:00Z",
                "labels": {"app": "cart"}, "ownerReferences": owners})
        };
        let pod = |name: &str, n: u8, ready: bool| {
            let state = if ready {
                json!({"running": {"startedAt": "1970-01-01T00:01:00Z"}})
            } else {
                json!({"waiting": {"reason": "CrashLoopBackOff"}})
            };
            json!({"metadata": meta(name, n, Some(("ReplicaSet", "cart-1", 2))),
                "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "cart:1",
                    "resources": {"requests": {"cpu": "250m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}}}]},
                "status": {"phase": "Running", "podIP": "10.0.0.7",
                    "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
                    "containerStatuses": [{"name": "app", "image": "cart:1", "ready": ready, "restartCount": 4,
                        "state": state, "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled",
                            "finishedAt": "1970-01-01T00:05:00Z"}}}]}})
        };
        let objects = [
            (
                Kind::Node,
                json!({"metadata": {"name": "n1", "uid": uid(9), "labels": {"node-role.kubernetes.io/worker": ""}},
                    "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
                        "conditions": [{"type": "Ready", "status": "True"}]}}),
            ),
            (
                Kind::Deployment,
                json!({"metadata": meta("cart", 1, None), "spec": {"replicas": 2},
                    "status": {"readyReplicas": 1, "updatedReplicas": 2, "availableReplicas": 1, "replicas": 2}}),
            ),
            (
                Kind::ReplicaSet,
                json!({"metadata": meta("cart-1", 2, Some(("Deployment", "cart", 1))), "spec": {"replicas": 2}}),
            ),
            (Kind::Pod, pod("cart-1-a", 3, true)),
            (Kind::Pod, pod("cart-1-b", 4, false)),
        ];
        for (kind, json) in objects {
            store.apply(decode(&kind, json.to_string().as_bytes(), store.interner()).unwrap());
        }
    })
}

async fn ask(fixture: &Fixture, path: &str) -> Value {
    let answer = fixture.get(&format!("/api/v1/kubernetes/{path}")).await;
    let value: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(value["status"], "success", "{path}: {value}");
    value["data"].clone()
}

#[tokio::test]
async fn clusters_at_a_glance() {
    let fixture = fixture();
    let data = ask(&fixture, "clusters").await;
    let shop = &data["clusters"][0];
    assert_eq!(shop["name"], "shop");
    assert_eq!(shop["counts"]["pods"], 2);
    assert_eq!(shop["counts"]["nodesReady"], 1);
    assert_eq!(shop["counts"]["workloadsCritical"], 1);
    assert_eq!(shop["resources"]["cpu"]["requested"], 0.5);
    assert_eq!(shop["resources"]["cpu"]["allocatable"], 4);
    assert_eq!(shop["findings"][0]["code"], "crash_loop");
    assert_eq!(shop["controlPlane"][0]["component"], "kube-apiserver");
}

#[tokio::test]
async fn nodes_with_what_their_pods_take() {
    let data = ask(&fixture(), "shop/nodes").await;
    let node = &data["nodes"][0];
    assert_eq!(node["name"], "n1");
    assert_eq!(node["roles"], json!(["worker"]));
    assert_eq!(node["state"]["severity"], "ok");
    assert_eq!(node["pods"], 2);
    assert_eq!(node["requested"], json!({"cpu": 0.5, "memory": 134_217_728}));
    assert_eq!(node["allocatable"]["pods"], 110);
    assert_eq!(node["capacity"]["cpu"], Value::Null);
}

#[tokio::test]
async fn workloads_and_pods_are_narrowed_and_sorted() {
    let fixture = fixture();
    let data = ask(&fixture, "shop/workloads").await;
    assert_eq!(data["total"], 1);
    assert_eq!(data["namespaces"], json!(["shop"]));
    let cart = &data["workloads"][0];
    assert_eq!(cart["kind"], "Deployment");
    assert_eq!(
        (&cart["desired"], &cart["ready"], &cart["restarts"]),
        (&json!(2), &json!(1), &json!(8))
    );
    assert_eq!(cart["images"], json!(["cart:1"]));
    assert_eq!(cart["limits"], json!({"cpu": null, "memory": 268_435_456}));
    assert_eq!(cart["state"]["values"]["reason"], "OOMKilled");
    assert_eq!(ask(&fixture, "shop/workloads?namespace=other").await["total"], 0);
    assert_eq!(ask(&fixture, "shop/workloads?kind=DaemonSet").await["total"], 0);

    let data = ask(&fixture, "shop/pods?workload=Deployment/cart&namespace=shop").await;
    let names: Vec<_> = data["pods"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pod| pod["name"].clone())
        .collect();
    assert_eq!(names, ["cart-1-b", "cart-1-a"]);
    let container = &data["pods"][0]["containers"][0];
    assert_eq!(container["state"], "waiting");
    assert_eq!(
        container["last"],
        json!({"reason": "OOMKilled", "exitCode": 137, "finishedAt": 300_000})
    );
    assert_eq!(ask(&fixture, "shop/pods?severity=critical").await["total"], 1);
    assert_eq!(ask(&fixture, "shop/pods?node=n2").await["total"], 0);
    let second = ask(&fixture, "shop/pods?limit=1&offset=1").await;
    assert_eq!(
        (&second["total"], &second["pods"][0]["name"]),
        (&json!(2), &json!("cart-1-a"))
    );
}

#[tokio::test]
async fn one_object_with_all_that_is_known_about_it() {
    let fixture = fixture();
    let data = ask(
        &fixture,
        "shop/objects?kind=deployments.apps&namespace=shop&name=cart",
    )
    .await;
    assert_eq!(data["object"]["apiVersion"], "apps/v1");
    assert_eq!(data["findings"][0]["object"]["name"], "cart-1-b");
    assert_eq!(
        data["findings"][0]["evidence"][0]["source"],
        "status.containerStatuses[app].lastState.terminated"
    );
    let relations: Vec<_> = data["relations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["relation"].as_str().unwrap(), one["total"].as_u64().unwrap()))
        .collect();
    assert_eq!(relations, [("pods", 2), ("replica_sets", 1)]);

    let data = ask(&fixture, "shop/objects?kind=Pod&namespace=shop&name=cart-1-a").await;
    let owners: Vec<_> = data["owners"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].clone())
        .collect();
    assert_eq!(owners, ["ReplicaSet", "Deployment"]);
    let node = data["facts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|fact| fact["name"] == "node")
        .unwrap();
    assert_eq!(node["ref"]["name"], "n1");
    assert_eq!(ask(&fixture, "shop/objects?kind=pods").await["total"], 2);
}

#[tokio::test]
async fn objects_are_found_by_what_is_remembered_of_them() {
    let fixture = fixture();
    let found = |data: &Value| {
        let objects = data["objects"].as_array().unwrap().iter();
        let named = objects.map(|one| {
            format!(
                "{} {}",
                one["ref"]["name"].as_str().unwrap(),
                one["match"].as_str().unwrap()
            )
        });
        named.collect::<Vec<_>>()
    };
    let by_name = ask(&fixture, "shop/search?q=Cart").await;
    assert_eq!(
        found(&by_name),
        ["cart name", "cart-1 name", "cart-1-b name", "cart-1-a name"]
    );
    assert_eq!(
        found(&ask(&fixture, "shop/search?q=10.0.0.7&limit=1").await).len(),
        1
    );
    assert_eq!(found(&ask(&fixture, "shop/search?q=app%3Dcart").await).len(), 4);
    assert_eq!(
        found(&ask(&fixture, "shop/search?q=cart:1").await),
        ["cart-1-b image", "cart-1-a image"]
    );
}

#[tokio::test]
async fn what_is_not_there_is_said_in_words() {
    let fixture = fixture();
    for (path, status, words) in [
        ("none/nodes", 404, "known are shop"),
        ("shop/objects?kind=Dog", 400, "no kind \\\"Dog\\\" is known"),
        (
            "shop/objects?kind=Pod&name=x&namespace=y",
            404,
            "no Pod \\\"x\\\" in namespace \\\"y\\\"",
        ),
        ("shop/pods?workload=cart", 400, "Deployment/cart"),
        ("shop/pods?severity=bad", 400, "use ok, progressing"),
        ("shop/search", 400, "nothing to search for"),
        ("shop/raw?kind=Pod", 400, "name of the object is missing"),
        (
            "shop/raw?kind=Pod&name=a&namespace=shop",
            503,
            "failed to reach the API server",
        ),
    ] {
        let answer = fixture.get(&format!("/api/v1/kubernetes/{path}")).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
        assert!(answer.text.contains(words), "{path}: {}", answer.text);
    }
}
