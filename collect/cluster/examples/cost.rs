//! What objects and their metrics cost: `cargo run --profile quick -p cluster --example cost -- [PODS]`.
//!
//! Pods like those of a real cluster (50 a ReplicaSet, 30 a node, one container with a sidecar in every fifth, four
//! kilobytes of `managedFields` and unused specification each) are decoded one by one as a watch would bring them;
//! then their metrics are written as text and handed to a sink. Memory is what the process has more than before.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

use cluster::objects::{Interner, Kind, Object, decode};
use cluster::state::{StateMetrics, StateOptions};
use model::{Family, Sink};

/// Counts bytes.
#[derive(Default)]
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Count {
    fn sample(&mut self, _: &Family<'_>, _: &[(&str, &str)], _: f64) {
        self.0 += 1;
    }
}

fn main() -> io::Result<()> {
    let n: usize = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(100_000);
    let mut out = io::stdout().lock();
    let interner = Interner::default();
    let mut objects: Vec<Arc<Object>> = Vec::with_capacity(n);
    let (before, mut decoding, mut bytes) = (resident(), 0.0, 0);
    let numbers: Vec<usize> = (0..n).collect();
    for some in numbers.chunks(2000) {
        let mut pods = Vec::with_capacity(some.len());
        for &i in some {
            let mut json = String::new();
            write_pod(&mut json, i).map_err(io::Error::other)?;
            bytes += json.len();
            pods.push(json);
        }
        let began = cpu();
        for json in &pods {
            let object = decode(&Kind::Pod, json.as_bytes(), &interner).map_err(io::Error::other)?;
            objects.push(Arc::new(object));
        }
        decoding += cpu() - began;
    }
    let grown = resident().saturating_sub(before);
    writeln!(
        out,
        "{n} pods: {} bytes of JSON each, {} bytes of memory each, {:.3} s of CPU to decode; strings {:?}",
        bytes / n,
        grown / n as u64,
        decoding,
        interner.size()
    )?;
    let metrics = StateMetrics::new(&StateOptions::default()).map_err(io::Error::other)?;
    let all = [(Kind::Pod, objects)];
    for _ in 0..2 {
        let (began, mut count) = (cpu(), Count::default());
        metrics.write_text(&all, &mut count)?;
        writeln!(out, "text: {} bytes, {:.3} s of CPU", count.0, cpu() - began)?;
        let (began, mut count) = (cpu(), Count::default());
        metrics.deliver(&all, &mut count);
        writeln!(out, "sink: {} samples, {:.3} s of CPU", count.0, cpu() - began)?;
    }
    drop(all);
    interner.sweep();
    writeln!(out, "after all are gone: strings {:?}", interner.size())
}

fn write_pod(json: &mut String, i: usize) -> std::fmt::Result {
    let (set, node) = (i / 50, i / 30);
    let uid = |kind: u64, n: usize| format!("{kind:08x}-1c4d-4a8f-9d2c-{n:012x}");
    let hash = set.wrapping_mul(0x9e37_79b9) as u32;
    let id = |k: u64| {
        format!(
            "{:064x}",
            (i as u128 + 1) * 0x9e37_79b9_7f4a_7c15_f39c_c060 + u128::from(k)
        )
    };
    write!(
        json,
        r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"workload-{set}-{hash:x}-{i:05x}","generateName":"workload-{set}-{hash:x}-",
"namespace":"team-{}","uid":"{}","resourceVersion":"{}","creationTimestamp":"2026-01-02T15:04:05Z",
"labels":{{"app.kubernetes.io/name":"workload-{set}","app.kubernetes.io/part-of":"team-{}","pod-template-hash":"{hash:x}","version":"v1.2.{}"}},
"annotations":{{"prometheus.io/scrape":"true","checksum/config":"{hash:064x}"}},
"ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"workload-{set}-{hash:x}","uid":"{}","controller":true,"blockOwnerDeletion":true}}],
"managedFields":[{{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{{{}}}}}]}},"#,
        set / 20,
        uid(1, i),
        1_000_000 + i,
        set / 20,
        set % 7,
        uid(2, set),
        FIELDS
    )?;
    let sidecar = i % 250 < 50;
    let container = |name: &str| {
        format!(
            r#"{{"name":"{name}","image":"registry.example.com/team/{name}:{set}","ports":[{{"name":"http","containerPort":8080,"protocol":"TCP"}}],"env":[{{"name":"A","value":"{ENV}"}}],
"resources":{{"limits":{{"cpu":"1","memory":"512Mi"}},"requests":{{"cpu":"100m","memory":"128Mi"}}}},"livenessProbe":{{"httpGet":{{"path":"/healthz","port":"http","scheme":"HTTP"}},"periodSeconds":10}},
"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}}"#
        )
    };
    let containers = if sidecar {
        format!("{},{}", container("main"), container("proxy"))
    } else {
        container("main")
    };
    write!(
        json,
        r#""spec":{{"volumes":[{{"name":"kube-api-access-{i:05x}","projected":{{"sources":[{{"serviceAccountToken":{{"expirationSeconds":3607,"path":"token"}}}}],"defaultMode":420}}}}],
"containers":[{containers}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"workload-{set}","nodeName":"node-{node}","securityContext":{{}},"schedulerName":"default-scheduler",
"tolerations":[{{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}},{{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}}],
"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"}},"#
    )?;
    let condition = |kind: &str, second: usize| {
        format!(
            r#"{{"type":"{kind}","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-02T15:{:02}:{:02}Z"}}"#,
            i / 60 % 60,
            (i + second) % 60
        )
    };
    let kinds = [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
    ];
    let conditions: Vec<String> = kinds
        .iter()
        .enumerate()
        .map(|(k, kind)| condition(kind, k))
        .collect();
    let status = |name: &str, k: u64| {
        format!(
            r#"{{"name":"{name}","state":{{"running":{{"startedAt":"2026-01-02T15:{:02}:{:02}Z"}}}},"lastState":{{}},"ready":true,"restartCount":{},"image":"registry.example.com/team/{name}:{set}",
"imageID":"registry.example.com/team/{name}@sha256:{:064x}","containerID":"containerd://{}","started":true}}"#,
            i / 60 % 60,
            i % 60,
            i % 3,
            set,
            id(k)
        )
    };
    let statuses = if sidecar {
        format!("{},{}", status("main", 1), status("proxy", 2))
    } else {
        status("main", 1)
    };
    write!(
        json,
        r#""status":{{"phase":"Running","conditions":[{}],"hostIP":"10.{}.{}.{}","hostIPs":[{{"ip":"10.0.0.1"}}],"podIP":"10.{}.{}.{}","podIPs":[{{"ip":"10.{}.{}.{}"}}],"startTime":"2026-01-02T15:04:06Z","containerStatuses":[{statuses}],"qosClass":"Burstable"}}}}"#,
        conditions.join(","),
        node >> 16 & 255,
        node >> 8 & 255,
        node & 255,
        128 + (i >> 16),
        i >> 8 & 255,
        i & 255,
        128 + (i >> 16),
        i >> 8 & 255,
        i & 255,
    )
}

/// A part of `managedFields` and of environments, as long as they tend to be.
const FIELDS: &str = r#""f:metadata":{"f:annotations":{".":{},"f:checksum/config":{},"f:prometheus.io/scrape":{}},"f:generateName":{},"f:labels":{".":{},"f:app.kubernetes.io/name":{},"f:app.kubernetes.io/part-of":{},"f:pod-template-hash":{},"f:version":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"00000002-1c4d-4a8f-9d2c-000000000000\"}":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"main\"}":{".":{},"f:env":{".":{},"k:{\"name\":\"A\"}":{".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:imagePullPolicy":{},"f:livenessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":{".":{},"f:path":{},"f:port":{},"f:scheme":{}},"f:periodSeconds":{},"f:successThreshold":{},"f:timeoutSeconds":{}},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:name":{},"f:protocol":{}}},"f:resources":{".":{},"f:limits":{".":{},"f:cpu":{},"f:memory":{}},"f:requests":{".":{},"f:cpu":{},"f:memory":{}}},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}"#;
const ENV: &str = "postgres://service@database.team.svc.cluster.local:5432/orders?sslmode=verify-full&application_name=workload";

/// Bytes of memory that the process has.
fn resident() -> u64 {
    service::own_usage().map_or(0, |usage| usage.resident_bytes)
}

/// Seconds of CPU that the process has used.
fn cpu() -> f64 {
    service::own_usage().map_or(0.0, |usage| usage.cpu.as_secs_f64())
}
