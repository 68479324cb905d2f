use std::time::Duration;

use agent::{CollectorState, CollectorStatus};

use crate::fixture::Fixture;

fn collector(name: &'static str, state: CollectorState) -> CollectorStatus {
    CollectorStatus {
        name,
        job: "node-exporter",
        source: "/proc/x",
        state,
        message: if state == CollectorState::Ok {
            String::new()
        } else {
            "cannot read /proc/x".to_owned()
        },
        hint: (state == CollectorState::Failing).then_some("run as root"),
        interval: Duration::from_secs(5),
        last_run: (state != CollectorState::Disabled).then_some(595_000),
        last_success: (state == CollectorState::Ok).then_some(595_000),
        last_duration: Duration::from_micros(210),
        cpu_total: Duration::from_micros(12_300),
        cpu_last: Duration::from_micros(200),
        runs: 10,
        errors: 1,
        timeouts: 2,
        series: 123,
        series_dropped: 4,
    }
}

#[tokio::test]
async fn says_everything_the_page_shows() {
    let fixture = Fixture::loopback();
    let states = [
        CollectorState::Ok,
        CollectorState::Failing,
        CollectorState::Disabled,
    ];
    let names = ["cpu", "disk", "off"];
    fixture.collection.status.lock().collectors = names
        .into_iter()
        .zip(states)
        .map(|(name, state)| collector(name, state))
        .collect();
    let answer = fixture.get("/api/v1/status/system").await;
    let data = &answer.json()["data"];
    assert_eq!(data["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        (data["now"].as_i64(), data["host"].as_str()),
        (Some(600_000), Some("box"))
    );
    assert_eq!(data["intervalMs"], 5000);
    assert!(data["startedAt"].as_i64().unwrap() <= 600_000);
    assert!(data["dataDir"].as_str().unwrap().starts_with('/'));
    let ok = serde_json::json!({
        "name": "cpu", "job": "node-exporter", "source": "/proc/x", "state": "ok", "message": null, "hint": null,
        "intervalMs": 5000, "lastRun": 595_000, "lastSuccess": 595_000, "lastDurationMs": 0.21, "cpuMsTotal": 12.3,
        "cpuMsLast": 0.2, "runs": 10, "errors": 1, "timeouts": 2, "series": 123, "seriesDropped": 4,
    });
    assert_eq!(data["collectors"][0], ok);
    let disabled = &data["collectors"][2];
    assert_eq!(disabled["state"], "disabled");
    assert_eq!(
        (&disabled["lastRun"], &disabled["cpuMsLast"]),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
    let degraded = serde_json::json!([
        {"what": "cgroup", "why": "not readable", "hint": "run as root", "since": 7},
        {"what": "collector disk", "why": "cannot read /proc/x", "hint": "run as root",
         "since": fixture.app.started_at},
    ]);
    assert_eq!(data["degraded"], degraded);
    for key in [
        "headSeries",
        "samples",
        "walBytes",
        "diskBytes",
        "parts",
        "retentionMs",
    ] {
        assert!(data["store"][key].is_u64(), "{key}: {}", data["store"]);
    }
    assert_eq!(data["store"]["retentionBytes"], serde_json::Value::Null);
    assert_eq!(data["store"]["degraded"], serde_json::json!([]));
    assert!(data["process"]["residentBytes"].as_u64().unwrap() > 1 << 20);
    assert!(data["process"]["threads"].as_u64().unwrap() >= 1);
    assert!(data["process"]["openFds"].as_u64().unwrap() >= 1);
    assert_eq!(super::count_degradations(&fixture.app), 2);
}

#[tokio::test]
async fn answers_what_clients_of_prometheus_ask() {
    let fixture = Fixture::loopback();
    fixture.collection.status.lock().collectors = vec![
        collector("cpu", CollectorState::Ok),
        collector("off", CollectorState::Disabled),
    ];
    let data = async |path: &str| fixture.get(path).await.json()["data"].clone();
    assert_eq!(data("/api/v1/status/buildinfo").await["version"], "3.10.0");
    assert_eq!(
        data("/api/v1/status/runtimeinfo").await["serverTime"],
        "1970-01-01T00:10:00.000Z"
    );
    assert_eq!(
        data("/api/v1/status/runtimeinfo").await["storageRetention"],
        "15d"
    );
    assert!(data("/api/v1/status/tsdb").await["headStats"]["numSeries"].is_u64());
    assert_eq!(data("/api/v1/rules").await, serde_json::json!({"groups": []}));
    assert_eq!(data("/api/v1/alerts").await, serde_json::json!({"alerts": []}));
    let targets = data("/api/v1/targets").await;
    assert_eq!(targets["activeTargets"].as_array().unwrap().len(), 1);
    assert_eq!(targets["activeTargets"][0]["health"], "up");
    assert_eq!(
        targets["activeTargets"][0]["lastScrape"],
        "1970-01-01T00:09:55.000Z"
    );
    assert_eq!(targets["droppedTargets"], serde_json::json!([]));
}

#[tokio::test]
async fn the_catalog_holds_what_the_parser_knows() {
    let fixture = Fixture::loopback();
    let data = fixture.get("/api/v1/promql/catalog").await.json()["data"].clone();
    let names = |key: &str| -> Vec<String> {
        let list = data[key].as_array().unwrap();
        list.iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(names("functions").contains(&"rate".to_owned()));
    let keywords: Vec<&str> = data["keywords"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w.as_str().unwrap())
        .collect();
    assert!(keywords.contains(&"group_left"));
    let known = promql::keywords();
    for aggregation in names("aggregations") {
        assert!(known.contains(&aggregation.as_str()), "{aggregation}");
        assert!(!keywords.contains(&aggregation.as_str()), "{aggregation}");
    }
    assert_eq!(known.len(), keywords.len() + names("aggregations").len());
    assert!(data["functions"].as_array().unwrap().iter().all(|one| {
        !one["signature"].as_str().unwrap().is_empty() && !one["doc"].as_str().unwrap().is_empty()
    }));
}
