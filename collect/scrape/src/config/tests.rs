use expect_test::{Expect, expect};

use super::*;

fn parse(text: &str) -> Config {
    Config::parse(text, Path::new("/etc/p")).unwrap_or_else(|error| panic!("{error}"))
}

fn mistakes(text: &str, expected: &Expect) {
    let error = Config::parse(text, Path::new("/etc/p")).unwrap_err();
    expected.assert_eq(&format!("{}\n", error.mistakes.join("\n")));
}

#[test]
fn an_empty_file_has_defaults() {
    let config = parse("# nothing\n");
    assert_eq!(config.scrape_interval, Duration::from_secs(60));
    assert!(config.jobs.is_empty() && config.warnings.is_empty());
}

#[test]
fn jobs_take_from_global() {
    let config = parse(
        "global:\n  scrape_interval: 15s\n  sample_limit: 7\n  body_size_limit: 2MB\n  external_labels: {cluster: a}\n\
         scrape_configs:\n- job_name: a\n- job_name: b\n  scrape_interval: 5s\n  sample_limit: 9\n  honor_timestamps: no\n",
    );
    let [a, b] = &config.jobs[..] else {
        panic!("{:?}", config.jobs)
    };
    assert_eq!(
        (a.interval, a.timeout),
        (Duration::from_secs(15), Duration::from_secs(10))
    );
    assert_eq!(
        (b.interval, b.timeout),
        (Duration::from_secs(5), Duration::from_secs(5))
    );
    assert_eq!(
        (a.limits.samples, b.limits.samples, b.limits.body_size),
        (7, 9, 2 << 20)
    );
    assert!(a.honor_timestamps && !b.honor_timestamps);
    assert_eq!(config.external_labels.get("cluster"), Some("a"));
    assert_eq!(
        a.accept(),
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.7,\
         application/openmetrics-text;version=0.0.1;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,\
         text/plain;version=0.0.4;q=0.4,*/*;q=0.3"
    );
}

#[test]
fn unknown_keys_are_named_with_their_place() {
    mistakes(
        "scrape_configs:\n- job_name: a\n  scrape_intervall: 5s\n",
        &expect![[r#"
            /etc/p/configuration:3:3: there is no key "scrape_intervall" here; perhaps "scrape_interval" is meant
        "#]],
    );
    mistakes(
        "global:\n  zebra: 1\n",
        &expect![[r#"
            /etc/p/configuration:2:3: there is no key "zebra" here
        "#]],
    );
    mistakes(
        "scrape_configs:\n- job_name: a\n  scrape_interval: soon\n",
        &expect![[r#"
            /etc/p/configuration:3:20: "soon" is not a duration such as 15s, 1m30s or 500ms
        "#]],
    );
}

#[test]
fn all_mistakes_are_named_at_once() {
    mistakes(
        "global: {scrape_interval: 1s, scrape_timeout: 2s}\n\
         scrape_configs:\n\
         - job_name: a\n  scheme: ftp\n  relabel_configs: [{action: hashmod, target_label: b}, {action: juggle}]\n\
         - job_name: a\n  scrape_timeout: 1h\n  oauth2: {client_id: x, token_url: y}\n\
         - scrape_protocols: [PrometheusText0.0.5]\n\
         - job_name: d\n  basic_auth: {username: a, password: b, password_file: c}\n  bearer_token: x\n\
         - job_name: e\n  static_configs: [{targets: ['http://a/b']}]\n  metric_name_validation_scheme: ascii\n\
         - job_name: f\n  dns_sd_configs: [{names: [a], type: A}]\n  http_sd_configs: [{url: 'ftp://x'}]\n  file_sd_configs: [{files: [a.txt]}]\n",
        &expect![[r#"
            global scrape_timeout is longer than scrape_interval (1s)
            job "a": scheme "ftp" is neither http nor https
            job "a": rule 1 of relabel_configs: action hashmod needs modulus
            job "a": rule 2 of relabel_configs: there is no action "juggle"; known are replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase
            job "a": scrape_timeout (1h) is longer than scrape_interval (1s)
            job "a": oauth2: token_url is missing or not the URL of a server
            job "a" of /etc/p/configuration is in /etc/p/configuration already
            job "": job_name is missing
            job "": scrape_protocols knows no "PrometheusText0.0.5"; known are PrometheusProto, OpenMetricsText0.0.1, OpenMetricsText1.0.0, PrometheusText0.0.4, PrometheusText1.0.0
            job "d": at most one of basic_auth, authorization, oauth2, bearer_token and bearer_token_file may be set
            job "e": metric_name_validation_scheme "ascii" is neither utf8 nor legacy
            job "e": target "http://a/b" of static_configs is not a host and port: scheme and path have keys of their own
            job "f": file "a.txt" of file_sd_configs must end in .json, .yml or .yaml, with at most one * in its last part
            job "f": dns_sd_configs needs a port for records of type A
            job "f": http_sd_configs needs a url that begins with http:// or https:// and a host
        "#]],
    );
}

#[test]
fn secrets_are_never_printed() {
    let config = parse(
        "remote_write: [{url: 'http://u:hunter2@h/w', basic_auth: {username: u, password: hunter2}, headers: {a: b}}]\n\
         scrape_configs:\n\
         - job_name: a\n  basic_auth: {username: u, password: hunter2}\n  proxy_url: http://p:hunter2@proxy:3128\n\
         - job_name: b\n  authorization: {credentials: hunter2}\n  http_headers: {X-Key: {secrets: [hunter2]}}\n  tls_config: {cert: c, key: hunter2}\n\
         - job_name: c\n  bearer_token: hunter2\n  consul_sd_configs: [{token: hunter2}]\n",
    );
    assert!(!config.printed.contains("hunter2"), "{}", config.printed);
    assert!(
        config.printed.matches("<secret>").count() >= 7,
        "{}",
        config.printed
    );
    assert!(!format!("{:?}", config.jobs).contains("hunter2"));
    for job in &config.jobs {
        assert!(!job.printed.contains("hunter2"), "{}", job.printed);
    }
    assert!(
        config.text.reveal().contains("hunter2"),
        "whoever writes needs the password"
    );
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn what_is_not_acted_on_is_named() {
    let config = parse(
        "rule_files: [a.yml]\nalerting: {}\nscrape_configs:\n- job_name: k\n  kubernetes_sd_configs: [{role: pod}]\n",
    );
    expect![[r#"
        alerting is not acted on yet
        rule_files is not acted on yet
    "#]]
    .assert_eq(&format!("{}\n", config.warnings.join("\n")));
}

#[test]
fn further_files_bring_their_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "main.yml",
        "scrape_config_files: [jobs_*.yml]\nscrape_configs: [{job_name: a}]\n",
    );
    write(
        "jobs_1.yml",
        "scrape_configs:\n- job_name: b\n  file_sd_configs: [{files: [t.json]}]\n",
    );
    let config = Config::load(&folder.path().join("main.yml")).unwrap();
    let names: Vec<_> = config.jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(config.files.len(), 2);
    write("jobs_2.yml", "scrape_configs: [{job_name: a}]\nalerting: {}\n");
    let error = Config::load(&folder.path().join("main.yml"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("jobs_2.yml:2:1: there is no key \"alerting\" here"),
        "{error}"
    );
}

#[test]
fn durations_read_back_as_they_are_written() {
    for (text, seconds) in [
        ("15s", 15.0),
        ("1m30s", 90.0),
        ("1h", 3600.0),
        ("500ms", 0.5),
        ("1d", 86_400.0),
        ("2w", 1_209_600.0),
    ] {
        let read = parse_duration(text).unwrap();
        assert!((read.as_secs_f64() - seconds).abs() < 1e-9, "{text}");
        assert_eq!(format_duration(read), text);
    }
    for text in ["", "5", "s", "1s1m", "1m1m", "1.5s", "-1s", "99999999999999y"] {
        assert_eq!(parse_duration(text), None, "{text}");
    }
}

#[test]
fn prometheus_own_examples_are_taken() {
    let home = std::env::var("HOME").unwrap_or_default();
    let cache = std::env::var("GOMODCACHE").unwrap_or_else(|_| format!("{home}/go/pkg/mod"));
    let pattern = format!("{cache}/github.com/prometheus/prometheus@*/config/testdata/*.good.yml");
    let mut n = 0;
    let mut wrong = Vec::new();
    for path in glob::glob(&pattern).unwrap().filter_map(Result::ok) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        n += 1;
        if let Err(error) = Config::load(&path) {
            wrong.push(format!("{name}: {}", error.mistakes.join("; ")));
        }
    }
    println!("{n} configurations of Prometheus were read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
