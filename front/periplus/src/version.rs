//! `periplus version`.

use serde::Serialize;

use crate::cli::VersionForm;

#[derive(Serialize)]
struct Version {
    version: &'static str,
    os: &'static str,
    arch: &'static str,
    /// Whether the page is embedded.
    ui: bool,
}

/// Writes the version.
pub(crate) fn render(form: VersionForm) -> String {
    let version = Version {
        version: env!("CARGO_PKG_VERSION"),
        os: std::env::consts::OS,
        arch: std::env::consts::ARCH,
        ui: cfg!(feature = "ui"),
    };
    match form {
        VersionForm::Text => format!("periplus {} ({} {})\n", version.version, version.os, version.arch),
        // A struct of texts and a flag has no way not to become JSON.
        VersionForm::Json => {
            serde_json::to_string(&version).map_or_else(|_| String::new(), |json| json + "\n")
        }
    }
}

#[cfg(test)]
mod tests;
