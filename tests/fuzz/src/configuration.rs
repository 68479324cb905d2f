//! The configuration file: written by people, and by whoever may write to its folder.

use std::path::Path;

/// A file of scraping.
pub(crate) fn scrape(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    // It names more files, as a pattern: `/**` is all of this machine.
    if text.contains("scrape_config_files") {
        return;
    }
    if let Ok(config) = scrape::Config::parse(text, Path::new("/nonexistent")) {
        for job in &config.jobs {
            assert!(!job.name.is_empty());
        }
    }
}

/// The list under `remote_write`.
pub(crate) fn remote_write(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match forward::parse_remote_write(text, Path::new("/nonexistent")) {
        Ok(receivers) => receivers
            .iter()
            .for_each(|receiver| assert!(!receiver.name.is_empty())),
        Err(errors) => assert!(!errors.is_empty()),
    }
}
