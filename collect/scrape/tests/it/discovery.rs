//! Targets that files and servers name, and that come and go.

use std::sync::Arc;

use model::is_stale;
use parking_lot::Mutex;

use super::server::{Reply, Server, page};
use super::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_when_they_change() {
    let server = Server::start(|_| page("a 1\n")).await;
    let folder = tempfile::tempdir().unwrap();
    let address = server.address;
    std::fs::write(
        folder.path().join("t1.json"),
        format!("[{{\"targets\": [\"{address}\"], \"labels\": {{\"n\": \"1\"}}}}]"),
    )
    .unwrap();
    let world = World::start_in(
        folder,
        "scrape_configs:\n- job_name: j\n  scrape_interval: 200ms\n  file_sd_configs: [{files: ['t*.json', 't*.yml'], refresh_interval: 100ms}]\n",
    );
    let labels = |n: u8| format!("a{{instance=\"{address}\", job=\"j\", n=\"{n}\"}}");
    world
        .wait("a sample of the first", || world.samples(&labels(1)).pop())
        .await;
    let found = world.targets().pop().unwrap();
    assert!(
        found
            .discovered_labels
            .get("__meta_filepath")
            .unwrap()
            .ends_with("t1.json")
    );

    world.write(
        "t2.yml",
        &format!("- targets: ['{address}']\n  labels: {{n: '2'}}\n"),
    );
    world
        .wait("a sample of the second", || world.samples(&labels(2)).pop())
        .await;

    world.write("t2.yml", "- targets: [\n");
    world.write("t1.json", "[]");
    world
        .wait("the first to end", || {
            world
                .samples(&labels(1))
                .pop()
                .filter(|(_, value)| is_stale(*value))
        })
        .await;
    assert_eq!(
        world.targets().len(),
        1,
        "a broken list leaves what was read before"
    );
    std::fs::remove_file(world.path("t2.yml")).unwrap();
    world
        .wait("no target", || world.targets().is_empty().then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_are_asked_again_and_again() {
    let list = Arc::new(Mutex::new(String::from("[]")));
    let told = Arc::clone(&list);
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/targets" => Reply::Full(
            "200 OK\r\nContent-Type: application/json".to_owned(),
            told.lock().clone().into_bytes(),
        ),
        _ => page("a 1\n"),
    })
    .await;
    let address = server.address;
    let world = World::start(&format!(
        "scrape_configs:\n- job_name: j\n  scrape_interval: 200ms\n  http_sd_configs: [{{url: 'http://{address}/targets', refresh_interval: 100ms}}]\n"
    ));
    *list.lock() =
        format!("[{{\"targets\": [\"{address}\"], \"labels\": {{\"__meta_x\": \"y\", \"zone\": \"b\"}}}}]");
    let labels = format!("a{{instance=\"{address}\", job=\"j\", zone=\"b\"}}");
    world.wait("a sample", || world.samples(&labels).pop()).await;
    let found = world.targets().pop().unwrap();
    assert_eq!(
        found.discovered_labels.get("__meta_url"),
        Some(format!("http://{address}/targets").as_str())
    );
    assert_eq!(found.discovered_labels.get("__meta_x"), Some("y"));

    *list.lock() = "nonsense".to_owned();
    let n = world.samples(&labels).len();
    world
        .wait("scraping to go on", || {
            (world.samples(&labels).len() > n + 2).then_some(())
        })
        .await;
    *list.lock() = "[]".to_owned();
    world
        .wait("the target to go", || world.targets().is_empty().then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_show_what_they_do_step_by_step() {
    let world = World::start(
        "scrape_configs:\n- job_name: j\n  keep_dropped_targets: 1\n  static_configs: [{targets: ['a:1', 'b:1', 'c:1']}]\n  relabel_configs:\n  - {target_label: x, replacement: y}\n  - {action: drop, source_labels: [__address__]}\n",
    );
    let pool = world
        .wait("the targets to be dropped", || {
            world
                .handle
                .status()
                .pools
                .pop()
                .filter(|pool| pool.n_dropped == 3)
        })
        .await;
    assert_eq!((pool.active.len(), pool.dropped.len()), (0, 1));
    let steps = world
        .handle
        .relabel_steps("j", &pool.dropped[0].discovered_labels)
        .unwrap();
    assert_eq!(steps.len(), 2);
    assert!(
        steps[0].keep && steps[0].output.get("x") == Some("y") && steps[0].rule.contains("target_label: x")
    );
    assert!(!steps[1].keep);
    assert!(
        world
            .handle
            .relabel_steps("k", &pool.dropped[0].discovered_labels)
            .is_none()
    );
    assert!(world.handle.pool_config("j").unwrap().contains("job_name: j"));
}
