//! The thread that runs due collections in order, and its replacement when one of them does not return in time.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;
use rustix::time::{ClockId, clock_gettime};

use crate::gather::Runner;
use crate::shared::{Outcome, Pool, Presence, Running, Shared, Verdict};

/// Name of the threads that collect; the kernel shows 15 bytes of it.
pub(crate) const NAME: &str = "agent-collect";

/// Starts a worker of the pool's generation.
pub(crate) fn spawn(shared: &Arc<Shared>, pool: &mut Pool) -> io::Result<()> {
    // Handles of threads that have ended say nothing more: a panic outside a collection cannot happen there.
    pool.handles.retain(|handle| !handle.is_finished());
    let generation = pool.generation;
    let handle = Builder::new().name(NAME.to_owned()).spawn({
        let shared = Arc::clone(shared);
        move || {
            let _presence = Presence::of(&shared);
            work(&shared, generation);
        }
    })?;
    pool.handles.push(handle);
    pool.alive += 1;
    pool.staffed = true;
    Ok(())
}

fn work(shared: &Shared, generation: u64) {
    let mut pool = shared.pool.lock();
    while !pool.stopping && pool.generation == generation {
        let Some((slot, mut runner)) = pool.queue.pop_front() else {
            shared.to_worker.wait(&mut pool);
            continue;
        };
        let running = Running {
            slot,
            tick: pool.tick,
            started: Instant::now(),
        };
        pool.running = Some(running);
        let (verdict, cpu) = MutexGuard::unlocked(&mut pool, || collect(shared, &mut runner));
        let replaced = pool.generation != generation;
        if !replaced {
            pool.running = None;
        }
        pool.done.push(Outcome {
            slot,
            runner,
            tick: running.tick,
            verdict,
            wall: running.started.elapsed(),
            cpu,
        });
        if replaced || pool.queue.is_empty() || pool.stopping {
            shared.to_scheduler.notify_all();
        }
    }
}

/// Runs one collection; a collector that panics is made anew from its row.
fn collect(shared: &Shared, runner: &mut Runner) -> (Verdict, Duration) {
    let before = thread_cpu_time();
    let Runner {
        collector,
        make,
        gather,
    } = runner;
    // A collector's caches may be torn by a panic, therefore it is replaced; its samples are not merged.
    let result = catch_unwind(AssertUnwindSafe(|| collector.collect(&shared.root, gather)));
    let verdict = match result {
        Ok(Ok(())) => Verdict::Whole,
        Ok(Err(error)) => Verdict::Failed(error),
        Err(payload) => {
            if let Some(Ok(fresh)) = make.map(catch_unwind) {
                *collector = fresh;
            }
            Verdict::Panicked(panic_message(&*payload))
        }
    };
    (verdict, thread_cpu_time().saturating_sub(before))
}

fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), nanos)
}
