//! Writes a small lake: twenty events in a file, ten that only the log holds.
//!
//! `cargo run -p lake --example sample -- FOLDER`

use std::path::PathBuf;
use std::sync::Arc;

use lake::events::Events;
use lake::{Lake, LakeConfig};
use model::{Clock, Event, EventLog as _, EventObject, EventOwner, EventType, Millis};

/// 2026-11-22T12:00:00Z.
const NOON: Millis = 1_795_348_800_000;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Millis {
        NOON
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder")?);
    let lake = Arc::new(Lake::open(LakeConfig::new(folder), Arc::new(Noon))?);
    let log = Events::new(Arc::clone(&lake));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        log.append((0..20).map(event).collect()).await?;
        lake.flush().await?;
        log.append((20..30).map(event).collect()).await?;
        Ok(())
    })
}

fn event(n: u32) -> Event {
    let time = NOON + Millis::from(n) * 1000;
    Event {
        cluster: "sample".to_owned(),
        namespace: "shop".to_owned(),
        name: format!("cart.{n:016x}"),
        uid: format!("uid-{n:06}"),
        resource_version: (1000 + n).to_string(),
        object: EventObject {
            api_version: "v1".to_owned(),
            kind: "Pod".to_owned(),
            namespace: "shop".to_owned(),
            name: format!("cart-{}", n % 7),
            uid: format!("pod-{}", n % 7),
            field_path: "spec.containers{cart}".to_owned(),
        },
        owner: Some(EventOwner {
            kind: "Deployment".to_owned(),
            name: "cart".to_owned(),
        }),
        node: format!("node-{}", n % 3),
        reason: "BackOff".to_owned(),
        event_type: EventType::Warning,
        message: format!("Back-off restarting failed container cart in pod cart-{}", n % 7),
        reporting_component: "kubelet".to_owned(),
        reporting_instance: format!("node-{}", n % 3),
        first_time: NOON,
        last_time: time,
        observed_time: time + 5,
        count: u64::from(n) + 1,
        delta: 1,
        ..Event::default()
    }
}
