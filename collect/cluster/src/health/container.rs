//! How the containers of a pod are.

use super::text;
use super::{Finding, Severity, State, View, seconds};
use crate::events::Warning;
use crate::objects::{Container, ContainerState, ContainerStatus, NO_TIME, Object, Pod, Terminated};

/// A container that became ready so short a time ago that it may still be starting.
const STARTING: i64 = 30;
/// A restart is worth a word for so long.
const RECENT: i64 = 600;
/// A container that ended badly after so many restarts does so again and again.
const LOOPS: i32 = 2;

/// What a container is to its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerKind {
    /// Does the work.
    Main,
    /// Runs before the others.
    Init,
    /// Begins before the others and goes on beside them.
    Sidecar,
}

impl ContainerKind {
    /// Returns the word for it in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Main => "container",
            Self::Init => "init",
            Self::Sidecar => "sidecar",
        }
    }
}

/// A container as it is wanted and as it is.
#[derive(Clone, Copy, Debug)]
pub struct ContainerView<'a> {
    /// What it is to its pod.
    pub kind: ContainerKind,
    /// What is wanted.
    pub spec: &'a Container,
    /// How it is; `None` as long as no kubelet has said.
    pub status: Option<&'a ContainerStatus>,
}

/// Returns the containers of a pod, those that begin first first.
pub fn containers(pod: &Pod) -> impl Iterator<Item = ContainerView<'_>> {
    let find =
        |statuses: &'_ [ContainerStatus], name: &str| statuses.iter().position(|one| *one.name == *name);
    let init = pod.spec.init_containers.iter().map(move |spec| ContainerView {
        kind: match spec.restart_policy.as_deref() {
            Some("Always") => ContainerKind::Sidecar,
            _ => ContainerKind::Init,
        },
        spec,
        status: find(&pod.status.init_containers, &spec.name).and_then(|i| pod.status.init_containers.get(i)),
    });
    let main = pod.spec.containers.iter().map(move |spec| ContainerView {
        kind: ContainerKind::Main,
        spec,
        status: find(&pod.status.containers, &spec.name).and_then(|i| pod.status.containers.get(i)),
    });
    init.chain(main)
}

/// Returns what is wrong with a container.
pub(super) fn assess(
    view: &View<'_>,
    (object, pod): (&Object, &Pod),
    container: ContainerView<'_>,
    warnings: &[Warning],
) -> Option<Finding> {
    let status = container.status?;
    let name = &*container.spec.name;
    let found = match &status.state {
        ContainerState::Waiting(waiting) => waits(object, name, status, (&waiting.reason, &waiting.message)),
        ContainerState::Terminated(ended) => ended_badly(object, pod, container, ended),
        ContainerState::Running(since) => {
            return running(view, object, (name, container.kind, status), (*since, warnings));
        }
        ContainerState::Unset => None,
    };
    found.map(|finding| {
        let own: Vec<_> = about(warnings, name).collect();
        let others = warnings.iter().filter(|one| one.field_path.is_empty());
        own.into_iter()
            .chain(others)
            .take(3)
            .fold(finding, Finding::because_warned)
    })
}

/// Returns the warnings about one container.
fn about<'w>(warnings: &'w [Warning], container: &str) -> impl Iterator<Item = &'w Warning> {
    let named = format!("{{{container}}}");
    warnings
        .iter()
        .filter(move |one| one.field_path.ends_with(&named))
}

fn waits(
    object: &Object,
    name: &str,
    status: &ContainerStatus,
    (reason, message): (&str, &str),
) -> Option<Finding> {
    let field = format!("status.containerStatuses[{name}].state.waiting");
    let said = if message.is_empty() {
        reason.to_owned()
    } else {
        format!("{reason}: {message}")
    };
    match reason {
        // The beginning of every container.
        "" | "ContainerCreating" | "PodInitializing" => None,
        "ImagePullBackOff"
        | "ErrImagePull"
        | "InvalidImageName"
        | "ErrImageNeverPull"
        | "ImageInspectError"
        | "RegistryUnavailable"
        | "SignatureValidationFailed" => {
            let image = &*status.image;
            let state = State::new(
                Severity::Critical,
                "image_pull",
                format!("image {image} of container {name} cannot be had: {reason}"),
            )
            .with("container", name)
            .with("image", image)
            .with("reason", reason);
            let advice = match reason {
                "ErrImageNeverPull" => {
                    "its pull policy is Never and the node does not have the image: bring it there, or let it be pulled"
                }
                "InvalidImageName" => "the image is no reference that a registry knows: correct it",
                _ => {
                    "check the name and tag of the image, that the registry can be reached from the node, and the \
                    image pull secrets"
                }
            };
            Some(Finding::new(object, state, advice).because(field, said))
        }
        "CrashLoopBackOff" => Some(crash_loop(object, name, status).because(field, said)),
        _ => {
            let state = State::new(
                Severity::Critical,
                "cannot_start",
                format!("container {name} cannot be started: {}", text::brief(&said)),
            )
            .with("container", name)
            .with("reason", reason)
            .with("message", message);
            let advice = "the message names what is missing: a config map, a secret, a key of them, a command, or \
                something of the container runtime";
            Some(Finding::new(object, state, advice).because(field, said))
        }
    }
}

fn crash_loop(object: &Object, name: &str, status: &ContainerStatus) -> Finding {
    let ended = match (&status.state, &status.last) {
        (ContainerState::Terminated(ended), _) => Some(ended),
        (_, last) => last.as_ref(),
    };
    let again = format!("container {name} ends again and again ({})", restarts(status));
    let Some(ended) = ended else {
        let state = State::new(Severity::Critical, "crash_loop", again)
            .with("container", name)
            .with("restarts", status.restarts);
        return Finding::new(object, state, "read the log of the container that ended last");
    };
    let sentence = format!("{again}: {}", how_it_ended(ended));
    let state = State::new(Severity::Critical, "crash_loop", sentence);
    let place = match &status.state {
        ContainerState::Terminated(_) => "state",
        _ => "lastState",
    };
    Finding::new(
        object,
        with_end(state, name, ended).with("restarts", status.restarts),
        advice(ended),
    )
    .because(
        format!("status.containerStatuses[{name}].{place}.terminated"),
        end_text(ended),
    )
    .because(
        format!("status.containerStatuses[{name}].restartCount"),
        status.restarts.to_string(),
    )
    .since(seconds(ended.finished_at))
}

fn restarts(status: &ContainerStatus) -> String {
    text::count(i64::from(status.restarts), "restart", "restarts")
}

fn ended_badly(
    object: &Object,
    pod: &Pod,
    container: ContainerView<'_>,
    ended: &Terminated,
) -> Option<Finding> {
    if ended.exit_code == 0 && &*ended.reason != "OOMKilled" {
        return None;
    }
    let name = &*container.spec.name;
    let stays_down = &*pod.spec.restart_policy == "Never";
    // Between an end and the wait for the next start a loop is the same loop.
    if let Some(status) = container.status
        && status.restarts >= LOOPS
        && !stays_down
    {
        return Some(crash_loop(object, name, status));
    }
    let verb = if stays_down { "has failed" } else { "ended" };
    let state = State::new(
        Severity::Critical,
        "container_failed",
        format!("container {name} {verb}: {}", how_it_ended(ended)),
    );
    let finding = Finding::new(object, with_end(state, name, ended), advice(ended))
        .because(
            format!("status.containerStatuses[{name}].state.terminated"),
            end_text(ended),
        )
        .since(seconds(ended.finished_at));
    Some(finding)
}

fn running(
    view: &View<'_>,
    object: &Object,
    (name, kind, status): (&str, ContainerKind, &ContainerStatus),
    (since, warnings): (i64, &[Warning]),
) -> Option<Finding> {
    let age = if since == NO_TIME {
        i64::MAX
    } else {
        view.now - since
    };
    if kind == ContainerKind::Main && !status.ready {
        let probe = about(warnings, name).find(|one| &*one.reason == "Unhealthy");
        if let Some(probe) = probe {
            let state = State::new(
                Severity::Critical,
                "probe_fails",
                format!(
                    "container {name} runs and is not ready: {}",
                    text::brief(&probe.message)
                ),
            )
            .with("container", name)
            .with("message", &probe.message);
            let advice = "ask the probe's address from inside the pod; give the container more time to start if it \
                needs it (startupProbe)";
            return Some(
                Finding::new(object, state, advice)
                    .because_warned(probe)
                    .since(seconds(since)),
            );
        }
        if age > STARTING {
            let state = State::new(
                Severity::Warning,
                "not_ready",
                format!("container {name} runs for {} and is not ready", text::span(age)),
            )
            .with("container", name)
            .with("seconds", age);
            return Some(
                Finding::new(object, state, "look at its readiness probe and its log")
                    .because(format!("status.containerStatuses[{name}].ready"), "false")
                    .since(seconds(since)),
            );
        }
        // It may be the next round of one that ends again and again.
    }
    let last = status.last.as_deref()?;
    let ago = view.now - last.finished_at;
    if last.finished_at == NO_TIME || ago > RECENT || (last.exit_code == 0 && &*last.reason != "OOMKilled") {
        return None;
    }
    // Until it has run for longer than before its last end, it is on its way to the next.
    let before = match last.started_at {
        NO_TIME => 0,
        started_at => last.finished_at - started_at,
    };
    if status.restarts >= LOOPS && age <= before + STARTING {
        return Some(crash_loop(object, name, status));
    }
    let state = State::new(
        Severity::Warning,
        "restarted",
        format!(
            "container {name} was restarted {} ago ({} in all): {}",
            text::span(ago),
            restarts(status),
            how_it_ended(last)
        ),
    );
    Some(
        Finding::new(
            object,
            with_end(state, name, last).with("restarts", status.restarts),
            advice(last),
        )
        .because(
            format!("status.containerStatuses[{name}].lastState.terminated"),
            end_text(last),
        )
        .since(seconds(last.finished_at)),
    )
}

fn with_end(state: State, name: &str, ended: &Terminated) -> State {
    state
        .with("container", name)
        .with("reason", &ended.reason)
        .with("exitCode", ended.exit_code)
}

fn how_it_ended(ended: &Terminated) -> String {
    let code = ended.exit_code;
    match &*ended.reason {
        "OOMKilled" => format!("killed for memory (exit code {code})"),
        "ContainerCannotRun" | "StartError" => format!("cannot run: {}", text::brief(&ended.message)),
        "DeadlineExceeded" => "took longer than it may".to_owned(),
        _ => match code {
            126 => "its command cannot be executed (exit code 126)".to_owned(),
            127 => "its command is not found (exit code 127)".to_owned(),
            137 => "killed (exit code 137)".to_owned(),
            139 => "crashed with a segmentation fault (exit code 139)".to_owned(),
            143 => "asked to stop (exit code 143)".to_owned(),
            _ => format!("exit code {code}"),
        },
    }
}

fn advice(ended: &Terminated) -> &'static str {
    match (&*ended.reason, ended.exit_code) {
        ("OOMKilled", _) => "raise the container's memory limit, or find what takes the memory",
        (_, 126 | 127) => "check command and args of the container, and that the image has that file",
        (_, 137) => "its liveness probe may have failed, or the node was short of memory: see the events",
        _ => "read the log of the container that ended last",
    }
}

fn end_text(ended: &Terminated) -> String {
    let mut text = format!("{}, exit code {}", ended.reason, ended.exit_code);
    if ended.signal != 0 {
        text.push_str(&format!(", signal {}", ended.signal));
    }
    if ended.finished_at != NO_TIME {
        text.push_str(&format!(", ended {}", text::time(ended.finished_at)));
    }
    if !ended.message.is_empty() {
        text.push_str(&format!(": {}", ended.message));
    }
    text
}
