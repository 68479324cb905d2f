//! Which part of a long list is asked for.

use cluster::graph::Ref;
use cluster::health::Severity;

use crate::api::answer::ApiError;
use crate::api::params::Params;

/// Entries unless something else is asked for.
const DEFAULT: usize = 500;
/// Entries at most.
const MAX: usize = 5_000;

/// What a list is narrowed to.
pub(super) struct Part<'a> {
    namespace: Option<&'a str>,
    /// Part of the name, in lower case.
    name: Option<String>,
    severity: Severity,
    limit: usize,
    offset: usize,
}

impl<'a> Part<'a> {
    pub(super) fn read(params: &'a Params) -> Result<Self, ApiError> {
        let severity = params
            .get("severity")
            .map(|word| {
                Severity::parse(word).ok_or_else(|| {
                    ApiError::parameter("severity", format_args!("{word:?} is none"))
                        .hint("use ok, progressing, unknown, warning or critical")
                })
            })
            .transpose()?;
        Ok(Self {
            namespace: params.get("namespace"),
            name: params.get("q").map(str::to_lowercase),
            severity: severity.unwrap_or_default(),
            limit: params.limit("limit")?.unwrap_or(DEFAULT).min(MAX),
            offset: params.limit("offset")?.unwrap_or(0),
        })
    }

    /// Tells whether names are asked for.
    pub(super) fn has(&self, names: &Ref) -> bool {
        self.has_names(&names.namespace, &names.name)
    }

    pub(super) fn has_names(&self, namespace: &str, name: &str) -> bool {
        self.namespace.is_none_or(|wanted| wanted == namespace)
            && self
                .name
                .as_ref()
                .is_none_or(|part| name.to_lowercase().contains(part))
    }

    /// Tells whether it is bad enough.
    pub(super) fn is_bad_enough(&self, severity: Severity) -> bool {
        severity >= self.severity
    }

    /// Cuts a list to the part that is asked for.
    pub(super) fn cut<'t, T>(&self, all: &'t [T]) -> &'t [T] {
        let from = self.offset.min(all.len());
        let to = (from + self.limit).min(all.len());
        all.get(from..to).unwrap_or_default()
    }
}
