//! The agent as the server and our own metrics see it, and as the stop takes it away.

use std::time::Duration;

use agent::{Agent, AgentStatus};
use model::{Millis, Sink};
use parking_lot::Mutex;
use server::Collection;
use tokio::sync::watch;

/// An agent that can be stopped while others still hold on to it.
pub(super) struct Collecting {
    /// `None` once it was stopped.
    agent: Mutex<Option<Agent>>,
    ticks: watch::Receiver<Millis>,
}

impl Collecting {
    /// Takes a running agent.
    pub(super) fn new(agent: Agent) -> Self {
        let ticks = agent.ticks();
        Self {
            agent: Mutex::new(Some(agent)),
            ticks,
        }
    }

    /// Stops the agent and waits for its threads, at most so long.
    pub(super) fn stop(&self, patience: Duration) {
        // Taken out first: its last collection asks for a report and must not wait for us.
        let agent = self.agent.lock().take();
        if let Some(agent) = agent {
            agent.stop(patience);
        }
    }
}

impl Collection for Collecting {
    fn status(&self) -> AgentStatus {
        self.agent.lock().as_ref().map(Agent::status).unwrap_or_default()
    }

    fn ticks(&self) -> watch::Receiver<Millis> {
        self.ticks.clone()
    }

    fn report(&self, out: &mut dyn Sink) {
        if let Some(agent) = self.agent.lock().as_ref() {
            agent.report(out);
        }
    }
}
