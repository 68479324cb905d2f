//! The parts that come again and again in answers about clusters.

use cluster::graph::Ref;
use cluster::health::{Finding, State, seconds};
use cluster::objects::{Condition, Object as KubernetesObject, Status};

use crate::api::answer::json::{Array, Object};

/// Writes the names of an object.
pub(super) fn reference(mut out: Object<'_>, names: &Ref) {
    members(&mut out, names);
}

/// Writes the names of an object into one that holds more.
pub(super) fn members(out: &mut Object<'_>, names: &Ref) {
    out.string("kind", &names.kind)
        .string("apiVersion", &names.api_version)
        .string("namespace", &names.namespace)
        .string("name", &names.name);
}

/// Writes how something is.
pub(super) fn state(mut out: Object<'_>, state: &State) {
    state_members(&mut out, state);
}

fn state_members(out: &mut Object<'_>, state: &State) {
    out.string("severity", state.severity.word())
        .string("code", state.code)
        .string("sentence", &state.sentence);
    let mut values = out.object("values");
    for (i, (name, value)) in state.values.iter().enumerate() {
        // The last of a name counts.
        let is_last = state.values.iter().skip(i + 1).all(|(other, _)| other != name);
        if is_last {
            values.string(name, value);
        }
    }
}

/// Writes findings.
pub(super) fn findings(mut out: Array<'_>, findings: &[Finding]) {
    for one in findings {
        let mut finding = out.object();
        state_members(&mut finding, &one.state);
        finding.string("advice", &one.advice);
        reference(finding.object("object"), &one.object);
        finding.optional_integer("since", one.since);
        let mut evidence = finding.array("evidence");
        for one in &one.evidence {
            evidence
                .object()
                .string("source", &one.source)
                .string("text", &one.text);
        }
    }
}

/// Writes conditions.
pub(super) fn conditions(mut out: Array<'_>, conditions: &[Condition]) {
    for one in conditions {
        out.object()
            .string("type", &one.kind)
            .string(
                "status",
                match one.status {
                    Status::True => "True",
                    Status::False => "False",
                    Status::Unknown => "Unknown",
                    Status::Other => "",
                },
            )
            .string("reason", &one.reason)
            .string("message", &one.message)
            .optional_integer("since", seconds(one.since));
    }
}

/// Writes a number or null.
pub(super) fn amount(out: &mut Object<'_>, key: &str, value: Option<f64>) {
    // What is no number is written as null.
    out.number(key, value.unwrap_or(f64::NAN));
}

/// Writes CPU and memory.
pub(super) fn cpu_and_memory(mut out: Object<'_>, (cpu, memory): (Option<f64>, Option<f64>)) {
    amount(&mut out, "cpu", cpu);
    amount(&mut out, "memory", memory);
}

/// Writes when an object was made.
pub(super) fn created(out: &mut Object<'_>, object: &KubernetesObject) {
    out.optional_integer("createdAt", seconds(object.meta.created));
}
