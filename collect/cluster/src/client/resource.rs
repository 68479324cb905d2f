//! How a kind is asked for.

use crate::objects::Kind;

/// In which form the API server is asked for objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Whole objects.
    Whole,
    /// Nothing but metadata.
    Metadata,
    /// The columns that kubectl shows, with the metadata: of a secret its type, and none of its data.
    Table,
}

/// A kind as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    /// Address of the list of all namespaces, as in `/apis/apps/v1/deployments`.
    pub(crate) path: String,
    /// Form of the objects.
    pub(crate) form: Form,
    /// Objects a page.
    pub(crate) page: usize,
}

/// Objects a page, as client-go has it.
const PAGE: usize = 500;
/// A definition of a custom resource holds a schema and may have a megabyte.
const LARGE_PAGE: usize = 25;

impl Resource {
    /// Returns how a kind is asked for.
    pub(crate) fn of(kind: &Kind) -> Self {
        let form = match kind {
            Kind::Secret => Form::Table,
            // Rules of roles and data of maps are large and nobody's business.
            Kind::ConfigMap | Kind::Role | Kind::ClusterRole => Form::Metadata,
            _ => Form::Whole,
        };
        Self {
            path: list_path(kind),
            form,
            page: match kind {
                Kind::CustomResourceDefinition => LARGE_PAGE,
                _ => PAGE,
            },
        }
    }

    /// Returns what a list, or a watch, accepts.
    pub(crate) fn accept(&self, is_list: ListOrWatch) -> &'static str {
        match (self.form, is_list) {
            (Form::Whole, _) => "application/json",
            (Form::Metadata, ListOrWatch::List) => {
                "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
            }
            (Form::Metadata, ListOrWatch::Watch) => {
                "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
            }
            (Form::Table, _) => "application/json;as=Table;g=meta.k8s.io;v=v1",
        }
    }
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListOrWatch {
    /// A page of a list.
    List,
    /// A watch.
    Watch,
}

fn root(kind: &Kind) -> String {
    match kind.group() {
        "" => format!("/api/{}", kind.version()),
        group => format!("/apis/{group}/{}", kind.version()),
    }
}

fn list_path(kind: &Kind) -> String {
    format!("{}/{}", root(kind), kind.plural())
}

/// Returns the address of one object.
pub(crate) fn object_path(kind: &Kind, namespace: &str, name: &str) -> String {
    let name = escape(name);
    match namespace {
        "" => format!("{}/{name}", list_path(kind)),
        namespace => format!(
            "{}/namespaces/{}/{}/{name}",
            root(kind),
            escape(namespace),
            kind.plural()
        ),
    }
}

/// Writes a value into an address.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => {
                out.push('%');
                for digit in [other >> 4, other & 15] {
                    out.push(
                        char::from_digit(u32::from(digit), 16)
                            .unwrap_or('0')
                            .to_ascii_uppercase(),
                    );
                }
            }
        }
    }
    out
}
