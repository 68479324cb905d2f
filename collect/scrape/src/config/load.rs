//! Files to a checked configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::Labels;
use tls::{MASK, Secret};

use super::check;
use super::mask;
use super::raw::{RawConfig, RawGlobal, RawJob, RawJobs};
use super::{Config, ConfigError, Job, OfferedJob, text};

/// A configuration is written by hand or by a generator; none is larger.
const MAX_FILE_BYTES: u64 = 64 << 20;

pub(super) fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = read(path).map_err(|mistake| ConfigError {
        path: path.to_owned(),
        mistakes: vec![mistake],
    })?;
    parse(&text, path)
}

pub(super) fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let fail = |mistakes| ConfigError {
        path: path.to_owned(),
        mistakes,
    };
    let mut raw: RawConfig = text::read(text, path).map_err(|mistake| fail(vec![mistake]))?;
    let mut mistakes = Vec::new();
    let mut global = raw.global.take().unwrap_or_default();
    check::complete_global(&mut global, &mut mistakes);
    let mut collector = Jobs {
        global: &global,
        jobs: Vec::new(),
        places: BTreeMap::new(),
        warnings: Vec::new(),
        mistakes,
    };
    for job in raw.scrape_configs.iter_mut().flatten() {
        collector.add(job, &folder, path);
    }
    let mut files = vec![path.to_owned()];
    for pattern in raw.scrape_config_files.iter().flatten() {
        collector.add_files(&folder.join(pattern), &mut files);
    }
    let Jobs {
        jobs,
        mut warnings,
        mut mistakes,
        ..
    } = collector;
    warnings.extend(unused(&raw, &global));
    let external_labels = external_labels(&global, &mut warnings);
    let external_labels = external_labels.unwrap_or_else(|mistake| {
        mistakes.push(mistake);
        Labels::default()
    });
    if !mistakes.is_empty() {
        return Err(fail(mistakes));
    }
    let for_others = global.clone();
    let scrape_interval = global.scrape_interval.map(|given| given.0).unwrap_or_default();
    Ok(Config {
        external_labels,
        scrape_interval,
        jobs,
        text: Secret::new(text),
        warnings,
        printed: print(raw, global),
        files,
        global: for_others,
    })
}

pub(super) fn offered(offered: &OfferedJob, global: &RawGlobal) -> Result<Arc<Job>, ConfigError> {
    let path = PathBuf::from(&offered.name);
    let fail = |mistakes| ConfigError {
        path: path.clone(),
        mistakes,
    };
    let mut raw: RawJob = text::read(offered.text.reveal(), &path).map_err(|mistake| fail(vec![mistake]))?;
    let mut mistakes = Vec::new();
    let mut job = check::job(&mut raw, global, Path::new("/"), &mut mistakes);
    if job.name != offered.name {
        mistakes.push(format!("its job_name is {:?}", job.name));
    }
    if !mistakes.is_empty() {
        return Err(fail(mistakes));
    }
    job.hindrance.clone_from(&offered.hindrance);
    mask_job(&mut raw);
    mask_names(&mut raw);
    job.printed = serde_saphyr::to_string(&raw).unwrap_or_default();
    Ok(Arc::new(job))
}

/// The jobs found so far.
struct Jobs<'a> {
    global: &'a RawGlobal,
    jobs: Vec<Arc<Job>>,
    /// Where each name was found.
    places: BTreeMap<String, PathBuf>,
    warnings: Vec<String>,
    mistakes: Vec<String>,
}

impl Jobs<'_> {
    fn add(&mut self, raw: &mut RawJob, folder: &Path, path: &Path) {
        for kind in raw.unsupported_discovery() {
            let name = raw.job_name.as_deref().unwrap_or_default();
            self.warnings.push(format!(
                "job {name:?}: {kind} is not acted on yet, its targets are not found"
            ));
        }
        let mut job = check::job(raw, self.global, folder, &mut self.mistakes);
        mask_job(raw);
        job.printed = serde_saphyr::to_string(raw).unwrap_or_default();
        if let Some(first) = self.places.insert(job.name.clone(), path.to_owned()) {
            self.mistakes.push(format!(
                "job {:?} of {} is in {} already",
                job.name,
                path.display(),
                first.display()
            ));
        }
        self.jobs.push(Arc::new(job));
    }

    fn add_files(&mut self, pattern: &Path, files: &mut Vec<PathBuf>) {
        let found = match glob::glob(&pattern.to_string_lossy()) {
            Ok(found) => found,
            Err(error) => {
                self.mistakes.push(format!(
                    "{} under scrape_config_files: {error}",
                    pattern.display()
                ));
                return;
            }
        };
        for path in found.filter_map(Result::ok) {
            match read(&path).and_then(|text| text::read::<RawJobs>(&text, &path)) {
                Ok(mut raw) => {
                    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
                    for job in raw.scrape_configs.iter_mut().flatten() {
                        self.add(job, &folder, &path);
                    }
                }
                Err(mistake) => self.mistakes.push(mistake),
            }
            files.push(path);
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("failed to read {}: {error}", path.display());
    if std::fs::metadata(path).map_err(failed)?.len() > MAX_FILE_BYTES {
        return Err(format!(
            "{} is larger than {MAX_FILE_BYTES} bytes",
            path.display()
        ));
    }
    std::fs::read_to_string(path).map_err(failed)
}

/// Names what is in the file and not acted on.
fn unused(raw: &RawConfig, global: &RawGlobal) -> Vec<String> {
    let keys = [
        ("alerting", raw.alerting.is_some()),
        ("rule_files", raw.rule_files.is_some()),
        ("tracing", raw.tracing.is_some()),
        ("remote_read", raw.remote_read.is_some()),
        ("runtime", raw.runtime.is_some()),
        ("global.query_log_file", global.query_log_file.is_some()),
        (
            "global.scrape_failure_log_file",
            global.scrape_failure_log_file.is_some(),
        ),
    ];
    let given = keys.into_iter().filter(|(_, given)| *given);
    given
        .map(|(key, _)| format!("{key} is not acted on yet"))
        .collect()
}

/// Returns the external labels, with `${NAME}` and `$NAME` replaced from the environment and `$$` for a dollar.
fn external_labels(global: &RawGlobal, warnings: &mut Vec<String>) -> Result<Labels, String> {
    let mut pairs = Vec::new();
    for (name, value) in global.external_labels.iter().flatten() {
        let mut look_up = |variable: &str| {
            let found = std::env::var(variable).unwrap_or_default();
            if found.is_empty() {
                warnings.push(format!(
                    "external label {name:?}: the environment has no {variable}"
                ));
            }
            found
        };
        pairs.push((name.clone(), expand(value, &mut look_up)));
    }
    Labels::from_pairs(pairs).map_err(|error| format!("external_labels: {error}"))
}

fn expand(text: &str, look_up: &mut dyn FnMut(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = behind.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let (name, after) = match behind.strip_prefix('{').and_then(|braced| braced.split_once('}')) {
            Some(split) => split,
            None => {
                let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                behind.split_at(behind.find(|c| !word(c)).unwrap_or(behind.len()))
            }
        };
        if name.is_empty() {
            out.push('$');
        } else {
            out.push_str(&look_up(name));
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Returns the configuration as it is in force, without its secrets.
fn print(mut raw: RawConfig, global: RawGlobal) -> String {
    raw.global = Some(global);
    let opaque = [
        &mut raw.alerting,
        &mut raw.storage,
        &mut raw.tracing,
        &mut raw.remote_write,
        &mut raw.remote_read,
        &mut raw.otlp,
        &mut raw.periplus,
    ];
    opaque.into_iter().flatten().for_each(mask::mask);
    serde_saphyr::to_string(&raw).unwrap_or_else(|error| format!("# cannot be printed: {error}\n"))
}

/// Replaces the names that go with secrets. In a file they are plain; a job that is offered may have them from the same
/// place as the secrets.
fn mask_names(job: &mut RawJob) {
    let mut basic = vec![&mut job.basic_auth];
    let mut oauth2 = vec![&mut job.oauth2];
    for list in job.http_sd_configs.iter_mut().flatten() {
        basic.push(&mut list.basic_auth);
        oauth2.push(&mut list.oauth2);
    }
    for search in job.kubernetes_sd_configs.iter_mut().flatten() {
        basic.push(&mut search.basic_auth);
        oauth2.push(&mut search.oauth2);
    }
    for basic in basic.into_iter().flatten() {
        if let Some(username) = &mut basic.username {
            MASK.clone_into(username);
        }
    }
    for oauth2 in oauth2.into_iter().flatten() {
        MASK.clone_into(&mut oauth2.client_id);
    }
}

/// Replaces the secrets of a job that was checked and is only printed from now on.
fn mask_job(job: &mut RawJob) {
    if let Some(url) = &mut job.proxy_url {
        *url = mask::mask_url(url);
    }
    if let Some(oauth2) = &mut job.oauth2 {
        oauth2.mask(mask::mask_url);
    }
    for list in job.http_sd_configs.iter_mut().flatten() {
        for url in [&mut list.url, &mut list.proxy_url].into_iter().flatten() {
            *url = mask::mask_url(url);
        }
        if let Some(oauth2) = &mut list.oauth2 {
            oauth2.mask(mask::mask_url);
        }
    }
    for search in job.kubernetes_sd_configs.iter_mut().flatten() {
        for url in [&mut search.api_server, &mut search.proxy_url]
            .into_iter()
            .flatten()
        {
            *url = mask::mask_url(url);
        }
        if let Some(oauth2) = &mut search.oauth2 {
            oauth2.mask(mask::mask_url);
        }
    }
    job.mask_unsupported();
}
