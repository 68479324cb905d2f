//! Jobs that are not in the file: they come and go, and some cannot be scraped.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use scrape::{OfferProblem, OfferedJob, TargetHealth};
use tls::Secret;

use super::server::{Server, page};
use super::world::World;

fn job(name: &str, address: &SocketAddr, hindrance: Option<&str>) -> OfferedJob {
    let text = format!(
        "{{\"job_name\": \"{name}\", \"scrape_interval\": \"200ms\", \"static_configs\": [{{\"targets\": [\"{address}\"]}}]}}"
    );
    OfferedJob {
        name: name.to_owned(),
        text: Secret::new(text),
        hindrance: hindrance.map(str::to_owned),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_scraped_is_shown_and_not_asked() {
    let server = Server::start(|_| page("a 1\n")).await;
    let world = World::start("");
    let why = "the password may not be read";
    let hindered = job("j", &server.address, Some(why));
    assert_eq!(world.handle.offer("me", vec![hindered]).await.unwrap(), []);
    let target = world.scraped().await;
    assert_eq!((target.health, &*target.last_error), (TargetHealth::Down, why));
    assert_eq!(server.connections.load(Ordering::Relaxed), 0);

    let fine = job("j", &server.address, None);
    assert_eq!(world.handle.offer("me", vec![fine]).await.unwrap(), []);
    let is_up = || {
        world
            .targets()
            .pop()
            .filter(|target| target.health == TargetHealth::Up)
    };
    world.wait("the target to be up", is_up).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_an_owner_replace_those_before() {
    let server = Server::start(|_| page("a 1\n")).await;
    let world = World::start("scrape_configs: [{job_name: taken}]");
    let jobs = |names: &[&str]| {
        names
            .iter()
            .map(|name| job(name, &server.address, None))
            .collect::<Vec<_>>()
    };
    let names = || {
        world
            .handle
            .status()
            .pools
            .into_iter()
            .map(|pool| pool.name)
            .collect::<Vec<_>>()
    };
    let refused = world
        .handle
        .offer("me", jobs(&["a", "b", "taken"]))
        .await
        .unwrap();
    assert_eq!(
        refused,
        [OfferProblem {
            job: "taken".to_owned(),
            reason: "there is another job of this name".to_owned()
        }]
    );
    world.handle.offer("somebody", jobs(&["c"])).await.unwrap();
    assert_eq!(names(), ["a", "b", "c", "taken"]);
    world.handle.offer("me", jobs(&["b"])).await.unwrap();
    assert_eq!(names(), ["b", "c", "taken"]);
    world.handle.offer("me", Vec::new()).await.unwrap();
    assert_eq!(names(), ["c", "taken"]);
}
