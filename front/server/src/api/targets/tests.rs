use std::sync::Arc;
use std::time::Duration;

use agent::{CollectorState, CollectorStatus};
use serde_json::Value;

use crate::fixture::{FakeScraping, Fixture, LOOPBACK};

fn fixture() -> Fixture {
    let fixture = Fixture::new(LOOPBACK, |_, sources| {
        sources.scraping = Some(Arc::new(FakeScraping))
    });
    let collector = |name, state| CollectorStatus {
        name,
        job: "host",
        source: "/proc/stat",
        state,
        message: String::new(),
        hint: None,
        interval: Duration::from_secs(5),
        last_run: Some(595_000),
        last_success: Some(595_000),
        last_duration: Duration::from_millis(1),
        cpu_total: Duration::ZERO,
        cpu_last: Duration::ZERO,
        runs: 1,
        errors: 0,
        timeouts: 0,
        series: 1,
        series_dropped: 0,
    };
    fixture.collection.status.lock().collectors = vec![
        collector("cpu", CollectorState::Ok),
        collector("off", CollectorState::Disabled),
    ];
    fixture
}

async fn data(fixture: &Fixture, path: &str) -> Value {
    let answer = fixture.get(&format!("/api/v1/{path}")).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()["data"].clone()
}

#[tokio::test]
async fn collectors_and_targets_stand_in_one_list() {
    let fixture = fixture();
    let all = data(&fixture, "targets").await;
    let urls = |value: &Value| -> Vec<String> {
        let list = value["activeTargets"].as_array().unwrap();
        list.iter()
            .map(|one| one["scrapeUrl"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(urls(&all), ["/proc/stat", "http://a:1/metrics"]);
    assert_eq!(all["activeTargets"][0]["lastScrape"], "1970-01-01T00:09:55.000Z");
    assert_eq!(all["activeTargets"][1]["lastScrape"], "0001-01-01T00:00:00Z");
    assert_eq!(all["activeTargets"][1]["scrapeInterval"], "15s");
    assert_eq!(all["droppedTargets"][0]["discoveredLabels"]["__address__"], "a:1");
    assert_eq!(all["droppedTargetCounts"], serde_json::json!({"node": 3}));
    assert_eq!(
        urls(&data(&fixture, "targets?scrapePool=cpu").await),
        ["/proc/stat"]
    );
    let active = data(&fixture, "targets?state=ACTIVE").await;
    assert_eq!(
        (urls(&active).len(), &active["droppedTargets"]),
        (2, &serde_json::json!([]))
    );
    let dropped = data(&fixture, "targets?state=dropped").await;
    assert_eq!(
        (
            urls(&dropped).len(),
            dropped["droppedTargets"].as_array().unwrap().len()
        ),
        (0, 1)
    );
}

#[tokio::test]
async fn pools_are_named_and_described() {
    let fixture = fixture();
    assert_eq!(
        data(&fixture, "scrape_pools").await["scrapePools"],
        serde_json::json!(["cpu", "node"])
    );
    let yaml = data(&fixture, "scrape_pools/config?scrapePool=cpu").await["yaml"].clone();
    assert_eq!(yaml, "job_name: host\nscrape_interval: 5s\n");
    let steps = data(
        &fixture,
        "targets/relabel_steps?scrapePool=node&labels=%7B%22a%22:%22b%22%7D",
    )
    .await;
    let rule = serde_json::json!({
        "source_labels": ["__address__"], "target_label": "instance", "action": "replace",
    });
    assert_eq!(
        steps["steps"],
        serde_json::json!([{"rule": rule, "output": {"a": "b"}, "keep": true}])
    );
    let of_target = data(&fixture, "targets/metadata?metric=up").await;
    assert_eq!(
        of_target[0],
        serde_json::json!({"target": {"job": "node"}, "type": "unknown", "help": "", "unit": ""})
    );
    for (path, error) in [
        ("scrape_pools/config", "no scrapePool parameter provided"),
        (
            "scrape_pools/config?scrapePool=x",
            "error retrieving scrape config: no scrape pool \"x\"",
        ),
        (
            "targets/relabel_steps?scrapePool=node",
            "no labels parameter provided",
        ),
        ("targets/metadata?limit=x", "limit must be a number"),
    ] {
        let answer = fixture.get(&format!("/api/v1/{path}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["error"].as_str()),
            (400, Some(error)),
            "{path}"
        );
    }
}
