//! Tables in a bucket of an S3 server (Versity's gateway, whose objects are files of a folder): written, read back after
//! a stop and a kill, and what is said while nobody answers there.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use testkit::{Peer, Periplus, free_port, peer_path, periplus_path, wait_for};

use super::{KEPT, ask, copy_folder};

const BUCKET: &str = "lake";
const KEY: &str = "periplus-test";
const SECRET: &str = "not-much-of-a-secret";

/// An S3 server on a folder.
struct Server {
    folder: PathBuf,
    port: u16,
    gateway: Option<Peer>,
}

impl Server {
    fn start(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder.join(BUCKET))?;
        let mut server = Self {
            folder: folder.to_owned(),
            port: free_port()?,
            gateway: None,
        };
        server.resume()?;
        Ok(server)
    }

    fn resume(&mut self) -> anyhow::Result<()> {
        let mut command = Command::new(peer_path("versitygw")?);
        command
            .args(["--access", KEY, "--secret", SECRET, "--health", "/health"])
            .args(["--port", &format!("127.0.0.1:{}", self.port), "posix"])
            .arg(&self.folder);
        self.gateway = Some(Peer::start(command, self.port, "/health")?);
        Ok(())
    }

    fn end(&mut self) {
        self.gateway = None;
    }

    /// Objects of the table whose names end so.
    fn objects(&self, ending: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.join(BUCKET).join("edge")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.to_string_lossy().ends_with(ending) {
                    found.push(path);
                }
            }
        }
        found
    }

    /// A `periplus up` whose tables are in the bucket.
    fn periplus(&self, folder: &Path) -> anyhow::Result<Command> {
        let config = folder.join("periplus.yml");
        std::fs::write(
            &config,
            format!("periplus:\n  lake: {{objects: s3://{BUCKET}/edge}}\n"),
        )?;
        let mut command = Command::new(periplus_path()?);
        command
            .args(["up", "--listen", "127.0.0.1:0", "--interval", "1m"])
            .args(["--retention-events", "100y", "--data"])
            .arg(folder.join("data"))
            .arg("--config")
            .arg(config)
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", self.port))
            .env("AWS_ALLOW_HTTP", "true");
        Ok(command)
    }
}

fn rows(server: &Periplus) -> anyhow::Result<serde_json::Value> {
    let (status, answer) = ask(
        &server.client,
        "SELECT count(*) AS n, count(DISTINCT uid) AS u FROM events",
    )?;
    anyhow::ensure!(status == 200, "{answer}");
    Ok(answer["data"]["rows"].clone())
}

#[test]
fn tables_live_in_a_bucket_over_stops_kills_and_outages() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut s3 = Server::start(&folder.path().join("s3"))?;
    // Ten events that are in no file yet.
    let log = folder.path().join("data/lake/log");
    copy_folder(&Path::new(KEPT).join("log"), &log)?;

    let server = Periplus::start(s3.periplus(folder.path())?)?;
    assert_eq!(rows(&server)?, json!([[10, 10]]));
    assert!(s3.objects(".parquet").is_empty(), "they are in memory");
    assert!(server.stop()?.success());
    let written = s3.objects(".parquet");
    assert!(!written.is_empty(), "what is in memory is written at the end");
    assert!(
        !folder.path().join("data/lake/tables").exists(),
        "nothing lies beside the bucket"
    );

    // From here on the bucket alone has them.
    std::fs::remove_dir_all(&log)?;
    let server = Periplus::start(s3.periplus(folder.path())?)?;
    assert_eq!(rows(&server)?, json!([[10, 10]]));
    server.kill()?;
    let server = Periplus::start(s3.periplus(folder.path())?)?;
    assert_eq!(rows(&server)?, json!([[10, 10]]));
    assert_eq!(s3.objects(".parquet"), written);

    s3.end();
    let (status, answer) = ask(&server.client, "SELECT * FROM events")?;
    let said = answer["error"].as_str().unwrap_or_default();
    assert!(
        status >= 500 && !said.contains(SECRET),
        "what cannot be read is no empty answer: {status}, {answer}"
    );
    assert_eq!(server.client.get("/api/v1/query?query=1")?.status, 200);
    s3.resume()?;
    wait_for("the bucket to be read again", || {
        rows(&server).ok().filter(|rows| *rows == json!([[10, 10]]))
    })?;

    // One damaged object is put aside by a copy, and the others are read.
    let size = std::fs::metadata(&written[0])?.len();
    std::fs::write(&written[0], vec![0; usize::try_from(size)?])?;
    server.kill()?;
    let server = Periplus::start(s3.periplus(folder.path())?)?;
    wait_for("the damaged object to be set aside", || {
        drop(rows(&server));
        let aside = s3.objects(".parquet").into_iter();
        aside
            .filter(|path| path.to_string_lossy().contains("/quarantine/"))
            .count()
            .checked_sub(1)
    })?;
    server.stop()?;
    Ok(())
}

#[test]
fn a_bucket_that_does_not_answer_is_named_at_the_start() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut s3 = Server::start(&folder.path().join("s3"))?;
    s3.end();
    let output = s3.periplus(folder.path())?.output()?;
    let said = String::from_utf8(output.stderr)?;
    assert!(!output.status.success());
    assert!(
        said.contains("_delta_log") && said.contains("check the disk or the bucket"),
        "{said}"
    );
    assert!(!said.contains(SECRET), "{said}");
    Ok(())
}
