use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::config::Config;

fn job(text: &str) -> Arc<Job> {
    let text = format!("scrape_configs:\n- job_name: j\n{text}");
    Arc::clone(&Config::parse(&text, Path::new("/")).unwrap().jobs[0])
}

fn pairs(given: &[(&str, &str)]) -> Vec<(String, String)> {
    given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn made(job: &Job, own: &[(&str, &str)], group: &[(&str, &str)]) -> Result<Populated, TargetError> {
    populate(job, discovered(job, &pairs(own), &pairs(group))?)
}

fn target(job: &Job, own: &[(&str, &str)], group: &[(&str, &str)]) -> Target {
    match made(job, own, group) {
        Ok(Populated::Target(target)) => *target,
        Ok(Populated::Dropped(labels)) => panic!("dropped: {labels}"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn labels_and_url_come_from_job_group_and_target() {
    let job = job("  scrape_interval: 30s\n  metrics_path: /m\n  params: {b: ['2', '3'], a: [x y]}\n");
    let target = target(
        &job,
        &[(ADDRESS, "h:1"), ("x", "own")],
        &[("x", "group"), ("y", "g"), ("__meta_z", "1")],
    );
    assert_eq!(target.url.as_str(), "http://h:1/m?a=x+y&b=2&b=3");
    assert_eq!(
        target.labels.to_string(),
        r#"{instance="h:1", job="j", x="own", y="g"}"#
    );
    assert_eq!(target.discovered.get("__meta_z"), Some("1"));
    assert_eq!(target.discovered.get("__scrape_interval__"), Some("30s"));
    assert_eq!(target.interval, Duration::from_secs(30));
}

#[test]
fn rules_choose_address_scheme_interval_and_parameters() {
    let job = job(
        "  relabel_configs:\n  - {source_labels: [__address__], target_label: __param_target}\n  \
         - {target_label: __address__, replacement: 'proxy:9115'}\n  - {source_labels: [__param_target], target_label: instance}\n  \
         - {target_label: __scheme__, replacement: https}\n  - {target_label: __scrape_interval__, replacement: 20s}\n  \
         - {action: drop, source_labels: [instance], regex: bad}\n",
    );
    let target = target(&job, &[(ADDRESS, "web")], &[]);
    assert_eq!(target.url.as_str(), "https://proxy:9115/metrics?target=web");
    assert_eq!(target.labels.get("instance"), Some("web"));
    assert_eq!(target.interval, Duration::from_secs(20));
    assert!(matches!(
        made(&job, &[(ADDRESS, "bad")], &[]),
        Ok(Populated::Dropped(_))
    ));
}

#[test]
fn what_is_no_target_says_why() {
    let plain = job("");
    let reason = |own: &[(&str, &str)]| {
        made(&plain, own, &[])
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    assert_eq!(reason(&[]), "it has no __address__");
    assert_eq!(
        reason(&[(ADDRESS, "http://x/y")]),
        "__address__ \"http://x/y\" is not a host with an optional port: scheme and path have labels of their own"
    );
    assert_eq!(
        reason(&[(ADDRESS, "x"), (TIMEOUT, "2m")]),
        "__scrape_timeout__ \"2m\" is longer than __scrape_interval__ \"1m\""
    );
    assert_eq!(
        reason(&[(ADDRESS, "x"), (INTERVAL, "0s")]),
        "__scrape_interval__ \"0s\" is not a duration above zero"
    );
    assert!(reason(&[(ADDRESS, "x y")]).contains("is not a URL"));
}

#[test]
fn targets_spread_over_the_interval() {
    let job = job("");
    let offsets: Vec<_> = (0..200)
        .map(|i| target(&job, &[(ADDRESS, &format!("h:{i}"))], &[]).offset_ms(7))
        .collect();
    assert!(offsets.iter().all(|offset| (0..60_000).contains(offset)));
    for sixth in 0..6 {
        let n = offsets.iter().filter(|offset| **offset / 10_000 == sixth).count();
        assert!(n > 10, "{n} of 200 targets in sixth {sixth}");
    }
}

#[test]
fn loopback_is_named_for_others() {
    let job = job("");
    for (address, shown) in [
        ("localhost:1", "http://box:1/metrics"),
        ("127.0.0.1:1", "http://box:1/metrics"),
        ("h:1", "http://h:1/metrics"),
        ("localhost:80", "http://box:80/metrics"),
        ("h:80", "http://h:80/metrics"),
        ("h", "http://h/metrics"),
        ("[::2]:80", "http://[::2]:80/metrics"),
    ] {
        assert_eq!(target(&job, &[(ADDRESS, address)], &[]).global_url("box"), shown);
    }
}
