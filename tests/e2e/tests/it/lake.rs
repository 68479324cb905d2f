//! Tables of events in a running server: a lake that an earlier version wrote, asked over HTTP and by `periplus sql`,
//! before and after the process was killed.

mod bucket;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use testkit::{Client, Periplus, Up, periplus_path};

/// Twenty events in a file and ten in the log.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/lake/tests/data/v1");
const CONFIG: &str = "\
periplus:
  lake: {max_concurrent_queries: 2, query_timeout: 30s}
";

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn start(folder: &Path) -> anyhow::Result<Periplus> {
    let config = folder.join("periplus.yml");
    std::fs::write(&config, CONFIG)?;
    Periplus::up(&Up {
        data: &folder.join("data"),
        arguments: &[
            "--interval",
            "1m",
            "--retention-events",
            "100y",
            "--config",
            &config.to_string_lossy(),
        ],
    })
}

fn ask(client: &Client, query: &str) -> anyhow::Result<(u16, Value)> {
    let answer = client.post_form("/api/v1/sql", &[("query", query)])?;
    Ok((answer.status, serde_json::from_str(&answer.body)?))
}

fn command(server: &Periplus, arguments: &[&str]) -> anyhow::Result<Output> {
    let mut command = Command::new(periplus_path()?);
    command.arg("sql").args(["--server", server.client.base()]);
    Ok(command.args(arguments).output()?)
}

fn printed(server: &Periplus, arguments: &[&str]) -> anyhow::Result<String> {
    let output = command(server, arguments)?;
    anyhow::ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn sql_over_http_says_what_is_wrong_and_keeps_its_bounds() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    copy_folder(Path::new(KEPT), &folder.path().join("data/lake"))?;
    let server = start(folder.path())?;
    let client = &server.client;

    let (status, answer) = ask(client, "SELECT count(*) AS n, sum(count) AS c FROM events")?;
    assert_eq!((status, &answer["data"]["rows"]), (200, &json!([[30, 465]])));

    let (status, answer) = ask(client, "SELECT uid\nFROM events\nWHERE reson = 'x'")?;
    assert_eq!(status, 400);
    assert_eq!(answer["hint"], "did you mean reason?");
    assert_eq!(answer["position"]["start"], 29, "{answer}");
    let (status, answer) = ask(client, "SELECT * FROM event")?;
    assert_eq!((status, &answer["hint"]), (400, &json!("did you mean events?")));
    for write in [
        "DROP TABLE events",
        "INSERT INTO events (uid) VALUES ('x')",
        "COPY events TO '/tmp/events.csv'",
        "CREATE EXTERNAL TABLE passwords STORED AS CSV LOCATION '/etc/passwd'",
        "SET datafusion.execution.batch_size = 1",
    ] {
        let (status, answer) = ask(client, write)?;
        assert_eq!(status, 400, "{write}: {answer}");
    }
    let (status, answer) = ask(client, "SELECT * FROM '/etc/passwd'")?;
    assert_eq!(status, 400, "files are no tables: {answer}");

    let many = "SELECT a.uid FROM events a, events b, events c, events d";
    let (status, answer) = ask(client, many)?;
    assert_eq!(status, 200);
    assert_eq!(answer["data"]["rows"].as_array().map(Vec::len), Some(100_000));
    assert!(
        answer["warnings"][0]
            .as_str()
            .is_some_and(|text| text.contains("100000")),
        "{}",
        answer["warnings"]
    );
    let (status, _) = ask(client, &format!("SELECT 1 -- {}", "x".repeat(70_000)))?;
    assert_eq!(status, 400, "a query longer than it may be");
    Ok(())
}

#[test]
fn the_command_prints_every_form_also_after_a_kill() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    copy_folder(Path::new(KEPT), &folder.path().join("data/lake"))?;
    let mut server = start(folder.path())?;
    let count = "select count(*) as n from events";
    for _ in 0..2 {
        let form = |form: &str| printed(&server, &["--output", form, count]);
        assert_eq!(form("csv")?, "n\n30\n");
        assert_eq!(form("ndjson")?, "{\"n\":30}\n");
        let json: Value = serde_json::from_str(&form("json")?)?;
        assert_eq!(json["rows"], json!([[30]]), "{json}");
        let table = form("table")?;
        let words: Vec<&str> = table.split_whitespace().collect();
        assert_eq!(words, ["n", "30"]);
        assert!(printed(&server, &[])?.contains("events"), "the tables are listed");
        server.kill()?;
        server = start(folder.path())?;
    }
    let wrong = command(&server, &["select count(*) from event"])?;
    let said = String::from_utf8(wrong.stderr)?;
    assert!(
        !wrong.status.success() && said.contains("hint: did you mean events?"),
        "{said}"
    );
    let page: Value = serde_json::from_str(&server.client.get("/api/v1/events?limit=1")?.body)?;
    assert_eq!(page["data"]["events"][0]["uid"], "uid-000029", "{page}");
    Ok(())
}

#[test]
fn a_damaged_table_is_named_and_the_rest_serves() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let lake = folder.path().join("data/lake");
    copy_folder(Path::new(KEPT), &lake)?;
    let commit = lake.join("tables/events/_delta_log/00000000000000000001.json");
    let whole = std::fs::read(&commit)?;
    std::fs::write(&commit, "{\"add\":")?;
    let server = start(folder.path())?;
    assert_eq!(server.client.get("/api/v1/query?query=1")?.status, 200);
    let (status, answer) = ask(&server.client, "SELECT count(*) FROM events")?;
    let said = answer["error"].as_str().unwrap_or_default();
    assert!(status == 500 && said.contains("set aside"), "{status}: {answer}");
    let system = server.client.get("/api/v1/status/system")?.body;
    assert!(system.contains("table events of the lake"), "{system}");
    let tables: Value = serde_json::from_str(&server.client.get("/api/v1/sql/tables")?.body)?;
    assert!(
        tables["data"][0]["setAside"]
            .as_str()
            .is_some_and(|reason| reason.contains("00000000000000000001.json"))
    );
    server.stop()?;
    std::fs::write(&commit, whole)?;
    let server = start(folder.path())?;
    let (_, answer) = ask(&server.client, "SELECT count(*) AS n FROM events")?;
    assert_eq!(answer["data"]["rows"], json!([[30]]));
    Ok(())
}
