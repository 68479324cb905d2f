//! One of each kind of monitor: what it says is scraped, with the labels that the operator's Prometheus gives, as long
//! as the object is there.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Bed, Client, wait_for};

use crate::edge::{Edge, active};

/// Targets of monitors: job, health, error and labels.
fn targets(client: &Client) -> anyhow::Result<Vec<(String, String, String, Value)>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = active(client)?.into_iter().filter_map(|mut target| {
        let pool = text(&target["scrapePool"]);
        let (_, job) = pool.split_once('/')?;
        let kinds = ["serviceMonitor/", "podMonitor/", "probe/", "scrapeConfig/"];
        let is_monitor = kinds.iter().any(|kind| job.starts_with(kind));
        let found = (
            job.to_owned(),
            text(&target["health"]),
            text(&target["lastError"]),
            target["labels"].take(),
        );
        is_monitor.then_some(found)
    });
    let mut list: Vec<_> = list.collect();
    list.sort_by_key(|(job, _, _, labels)| (job.clone(), labels.to_string()));
    Ok(list)
}

/// Waits until there are targets of these jobs, each in this health.
fn settle(client: &Client, wanted: &[(&str, &str)]) -> anyhow::Result<Vec<(String, String, String, Value)>> {
    let waited = wait_for("the targets to be as wanted", || {
        let found = targets(client).ok()?;
        let is: Vec<_> = found
            .iter()
            .map(|(job, health, ..)| (&**job, &**health))
            .collect();
        (is == wanted).then_some(found)
    });
    waited.map_err(|error| error.context(format!("there are {:#?}", targets(client))))
}

#[test]
fn root_monitors_are_scraped_as_long_as_they_are_there() -> anyhow::Result<()> {
    if let Some(reason) = Bed::missing() {
        testkit::skip("root_monitors_are_scraped_as_long_as_they_are_there", reason);
        return Ok(());
    }
    // Definitions are the whole cluster's.
    let bed = Bed::up("monitors", &["--nodes", "real:1"])?;
    let space = bed.space()?;
    let folder = TempDir::new()?;
    let file = folder.path().join("periplus.yml");
    std::fs::write(&file, "global: {scrape_interval: 15s}\n")?;
    // It watches before there are definitions.
    let edge = Edge::start(&bed, &file)?;
    let client = &edge.periplus.client;

    space.apply(include_str!("manifests/definitions.yaml"))?;
    space.apply(include_str!("manifests/shop.yaml"))?;
    let definition = "customresourcedefinition/scrapeconfigs.monitoring.coreos.com";
    space.wait(definition, "condition=Established")?;
    space.wait("pod/cart", "condition=Ready")?;
    let address = space.field("pod/cart", ".status.podIP")?;
    let node = space.field("pod/cart", ".spec.nodeName")?;
    let monitors = include_str!("manifests/monitors.yaml")
        .replace("ADDRESS", &address)
        .replace("NAMESPACE", &space.name);
    space.apply(&monitors)?;

    let within = space.name.as_str();
    let job = |kind: &str, name: &str| format!("{kind}/{within}/{name}");
    let (open, closed, nobody) = (
        job("serviceMonitor", "cart/0"),
        job("serviceMonitor", "cart/1"),
        job("serviceMonitor", "cart/2"),
    );
    let (pods, sites, lists) = (
        job("podMonitor", "pods/0"),
        job("probe", "sites"),
        job("scrapeConfig", "lists"),
    );
    let found = settle(
        client,
        &[
            (&*pods, "up"),
            (&*sites, "up"),
            (&*lists, "up"),
            (&*lists, "up"),
            (&*open, "up"),
            (&*closed, "up"),
            (&*nobody, "down"),
        ],
    )?;
    let cluster = found[0].3["cluster"].clone();
    let (first, second) = (format!("{address}:8080"), format!("{address}:8081"));
    let of_service = |endpoint: &str, instance: &str| {
        json!({
            "job": "checkout", "cluster": cluster, "namespace": within, "pod": "cart", "service": "cart", "tier": "front",
            "version": "v7", "container": endpoint, "endpoint": endpoint, "instance": instance,
        })
    };
    let mut with_node = of_service("open", &first);
    with_node["node"] = json!(node);
    let labels: Vec<_> = found.iter().map(|(_, _, _, labels)| labels.clone()).collect();
    let expected = [
        json!({
            "job": format!("{within}/pods"), "cluster": cluster, "namespace": within, "pod": "cart", "container": "open",
            "endpoint": "open", "instance": first,
        }),
        json!({
            "job": "sites", "cluster": cluster, "namespace": within, "env": "prod", "instance": "https://a.example/x",
        }),
        json!({"job": lists, "cluster": cluster, "list": "yes", "instance": first}),
        json!({"job": lists, "cluster": cluster, "pod": "cart", "instance": first}),
        with_node,
        of_service("closed", &second),
        of_service("closed", &second),
    ];
    assert_eq!(labels, expected);
    let why = &found[6].2;
    let secret = format!("key \"password\" of secret {within}/nobody");
    assert!(why.contains(&secret), "{why}");

    what_is_asked_is_as_ruled(client)?;
    problems_are_named(client)?;

    // Changes are followed, and what goes is gone: an object, and a whole kind.
    space.kubectl(&["delete", "probe.monitoring.coreos.com/sites"])?;
    let less = json!([{"op": "remove", "path": "/spec/endpoints/2"}]).to_string();
    space.kubectl(&["patch", "servicemonitor/cart", "--type=json", "--patch", &less])?;
    let rest = [
        (&*pods, "up"),
        (&*lists, "up"),
        (&*lists, "up"),
        (&*open, "up"),
        (&*closed, "up"),
    ];
    settle(client, &rest)?;
    bed.kubectl(&[
        "delete",
        "customresourcedefinition/podmonitors.monitoring.coreos.com",
    ])?;
    settle(client, &rest[1..])?;
    space.kubectl(&["delete", "servicemonitor/cart", "scrapeconfig/lists"])?;
    settle(client, &[])?;
    drop(space);
    bed.down()
}

/// What is not acted on is said where the cluster is.
fn problems_are_named(client: &Client) -> anyhow::Result<()> {
    let clusters = client.api("kubernetes/clusters", &[])?;
    let monitors = &clusters["clusters"][0]["monitors"];
    assert_eq!((&monitors["objects"], &monitors["jobs"]), (&json!(4), &json!(6)));
    let problems = monitors["problems"].as_array().cloned().unwrap_or_default();
    let problems: BTreeMap<_, _> = problems
        .iter()
        .map(|one| {
            (
                one["kind"].as_str().unwrap_or_default(),
                one["problems"].to_string(),
            )
        })
        .collect();
    assert!(problems["ServiceMonitor"].contains("nobody"), "{problems:?}");
    assert!(problems["PodMonitor"].contains("spec.mystery"), "{problems:?}");
    assert_eq!(problems.len(), 2);
    Ok(())
}

/// Rules for series are applied, and a probe is told what to look at.
fn what_is_asked_is_as_ruled(client: &Client) -> anyhow::Result<()> {
    let orders = |selector: &str| client.query(&format!("orders_total{{{selector}}}"));
    wait_for("series", || {
        Some(()).filter(|()| orders("kind=\"new\"").is_ok_and(|found| found.len() == 1))
    })?;
    let probes = active(client)?
        .into_iter()
        .find(|target| target["labels"]["job"] == "sites");
    let url = probes
        .map(|target| target["scrapeUrl"].to_string())
        .unwrap_or_default();
    assert!(
        url.contains("module=http_2xx") && url.contains("target=https%3A%2F%2Fa.example%2Fx"),
        "{url}"
    );
    Ok(())
}
