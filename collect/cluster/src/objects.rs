//! Objects of Kubernetes as this process holds them: only the fields that somebody uses, strings interned.
//!
//! [`decode`] reads one object's JSON as the API server sends it. What an object holds beyond its [`Meta`] is its
//! [`Body`], one type a kind. Times are whole seconds since 1970, as the API server keeps them.

mod decode;
mod kind;
mod meta;
mod text;

pub use decode::{DecodeError, decode};
pub use kind::{CustomKind, Kind};
pub use meta::{Meta, Owner, Uid};
pub use text::{Interner, Text};

/// One object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Name, labels, owners: what all objects have.
    pub meta: Meta,
    /// What its kind adds.
    pub body: Body,
}

/// What a kind adds to an object. Boxed, so that a small object costs no more than its own fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A kind of which nothing but the metadata is of use.
    Plain(Kind),
}

impl Object {
    /// Returns the kind.
    pub fn kind(&self) -> &Kind {
        match &self.body {
            Body::Plain(kind) => kind,
        }
    }
}
