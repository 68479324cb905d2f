//! Roles, HTTP API, identity, embedded page.
