use std::sync::Arc;

use lake::events::Events;
use lake::{Lake, LakeConfig};
use model::{Event, EventLog as _, EventObject, EventOwner, EventType};
use serde_json::json;
use tempfile::TempDir;

use crate::fixture::{Fixture, LOOPBACK, TestClock, request};

/// A server with a lake of three events.
struct WithLake {
    fixture: Fixture,
    lake: Arc<Lake>,
    _dir: TempDir,
}

impl WithLake {
    async fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let config = LakeConfig::new(dir.path());
        let opened = move || Lake::open(config, Arc::new(TestClock::default())).unwrap();
        let lake = Arc::new(tokio::task::spawn_blocking(opened).await.unwrap());
        let events = (1..=3).map(|n| Event {
            cluster: "prod".to_owned(),
            namespace: "shop".to_owned(),
            uid: format!("uid-{n}"),
            object: EventObject {
                kind: "Pod".to_owned(),
                name: format!("cart-{n}"),
                ..EventObject::default()
            },
            owner: (n == 2).then(|| EventOwner {
                kind: "Deployment".to_owned(),
                name: "cart".to_owned(),
            }),
            reason: "BackOff".to_owned(),
            event_type: if n == 1 {
                EventType::Normal
            } else {
                EventType::Warning
            },
            message: format!("said \"{n}\""),
            last_time: n * 1000,
            observed_time: n * 1000,
            count: 5,
            delta: 5,
            ..Event::default()
        });
        Events::new(Arc::clone(&lake))
            .append(events.collect())
            .await
            .unwrap();
        let mine = Arc::clone(&lake);
        let fixture = Fixture::new(LOOPBACK, move |_, sources| sources.lake = Some(mine));
        Self {
            fixture,
            lake,
            _dir: dir,
        }
    }

    async fn end(self) {
        tokio::task::spawn_blocking(move || self.lake.close())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn sql_is_answered_in_every_format() {
    let server = WithLake::new().await;
    let query =
        "query=SELECT+uid,sum(count)+AS+n,max(time)+AS+t+FROM+events+GROUP+BY+uid+ORDER+BY+uid+LIMIT+2";
    let answer = server.fixture.get(&format!("/api/v1/sql?{query}")).await;
    let data = &answer.json()["data"];
    let columns = json!([
        {"name": "uid", "type": "text"}, {"name": "n", "type": "integer"}, {"name": "t", "type": "time"}
    ]);
    assert_eq!(data["columns"], columns);
    let rows = json!([
        ["uid-1", 5, "1970-01-01T00:00:01Z"],
        ["uid-2", 5, "1970-01-01T00:00:02Z"]
    ]);
    assert_eq!(data["rows"], rows);
    let csv = server
        .fixture
        .get(&format!("/api/v1/sql?{query}&format=csv"))
        .await;
    assert_eq!(
        csv.header("content-type"),
        Some("text/csv; charset=utf-8; header=present")
    );
    assert_eq!(
        csv.text,
        "uid,n,t\nuid-1,5,1970-01-01T00:00:01Z\nuid-2,5,1970-01-01T00:00:02Z\n"
    );
    let lines = server
        .fixture
        .post_form("/api/v1/sql", &format!("{query}&format=ndjson"))
        .await;
    assert_eq!(lines.text.lines().count(), 2);
    assert!(
        lines.text.starts_with("{\"uid\":\"uid-1\",\"n\":5,"),
        "{}",
        lines.text
    );
    let headers = [("accept", "application/vnd.apache.arrow.stream")];
    let path = format!("/api/v1/sql?{query}");
    let arrow = server
        .fixture
        .respond(request(axum::http::Method::GET, &path, &headers, ""))
        .await;
    assert_eq!(
        arrow.headers()["content-type"],
        "application/vnd.apache.arrow.stream"
    );
    let bytes = axum::body::to_bytes(arrow.into_body(), usize::MAX).await.unwrap();
    assert_eq!(
        bytes.get(..4),
        Some([0xff; 4].as_slice()),
        "an IPC stream begins with its continuation mark"
    );
    server.end().await;
}

#[tokio::test]
async fn mistakes_name_place_and_hint() {
    let server = WithLake::new().await;
    let ask = async |query: &str| {
        let answer = server
            .fixture
            .get(&format!("/api/v1/sql?query={}", query.replace(' ', "+")))
            .await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        answer.json()
    };
    let wrong = ask("SELECT reson FROM events").await;
    assert_eq!(
        wrong["error"],
        "invalid parameter \"query\": 1:8: parse error: there is no column \"reson\""
    );
    assert_eq!(wrong["hint"], "did you mean reason?");
    assert_eq!(wrong["position"], json!({"start": 7, "end": 7}));
    let table = ask("SELECT 1 FROM event").await;
    assert_eq!(table["hint"], "did you mean events?");
    let parse = ask("SELECT uid FROM events WHERE AND").await;
    assert!(
        parse["error"].as_str().unwrap().contains("1:30: parse error"),
        "{parse}"
    );
    let write = ask("DROP TABLE events").await;
    assert!(write["error"].as_str().unwrap().contains("read only"), "{write}");
    let format = ask("SELECT 1&format=xml").await;
    assert_eq!(format["hint"], "formats are json, ndjson, csv and arrow");
    let missing = server.fixture.get("/api/v1/sql").await;
    assert_eq!(missing.status, 400);
    server.end().await;
}

#[tokio::test]
async fn tables_are_described() {
    let server = WithLake::new().await;
    let tables = server.fixture.get("/api/v1/sql/tables").await.json();
    let events = &tables["data"][0];
    assert_eq!((&events["name"], &events["rows"]), (&json!("events"), &json!(3)));
    assert_eq!(events["columns"][0]["name"], "time");
    assert_eq!(events["columns"][3]["unit"], "occurrences");
    server.end().await;
}

#[tokio::test]
async fn events_are_found_page_by_page() {
    let server = WithLake::new().await;
    let first = server
        .fixture
        .get("/api/v1/events?type=warning&limit=1&kind=Pod")
        .await
        .json();
    let data = &first["data"];
    assert_eq!(data["events"][0]["object"]["name"], "cart-3");
    assert_eq!(data["events"][0]["message"], "said \"3\"");
    assert_eq!(data["events"][0]["time"], "1970-01-01T00:00:03.000Z");
    let next = data["next"].as_str().unwrap();
    let second = server
        .fixture
        .get(&format!("/api/v1/events?type=warning&limit=1&after={next}"))
        .await
        .json();
    assert_eq!(
        second["data"]["events"][0]["owner"],
        json!({"kind": "Deployment", "name": "cart"})
    );
    assert_eq!(second["data"]["next"], json!(null));
    let none = server.fixture.get("/api/v1/events?start=10&end=20").await.json();
    assert_eq!(none["data"]["events"], json!([]));
    for wrong in ["type=Error", "order=any", "after=x", "start=2&end=1"] {
        assert_eq!(
            server
                .fixture
                .get(&format!("/api/v1/events?{wrong}"))
                .await
                .status,
            400,
            "{wrong}"
        );
    }
    server.end().await;
}

#[tokio::test]
async fn a_server_without_a_lake_says_so() {
    let fixture = Fixture::loopback();
    for path in [
        "/api/v1/sql?query=SELECT+1",
        "/api/v1/sql/tables",
        "/api/v1/events",
    ] {
        let answer = fixture.get(path).await;
        assert_eq!(answer.status, 503, "{path}");
        assert_eq!(answer.json()["error"], "this server keeps no tables");
    }
}
