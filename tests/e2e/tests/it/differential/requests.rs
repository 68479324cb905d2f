//! The doors of the query API beside Prometheus': what is refused, with which status and which kind of error, and
//! what the parameters beside the query do.

use anyhow::Context as _;
use model::Millis;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use serde_json::Value;
use testkit::Client;

use super::Pair;
use super::compare::{Answer, difference};
use super::data::{self, SPAN, START};

const QUERY: &str = "/api/v1/query";
const RANGE: &str = "/api/v1/query_range";
const SERIES: &str = "/api/v1/series";
const LABELS: &str = "/api/v1/labels";
const VALUES: &str = "/api/v1/label/job/values";
const EXEMPLARS: &str = "/api/v1/query_exemplars";
const FORMAT: &str = "/api/v1/format_query";
const PARSE: &str = "/api/v1/parse_query";
const METADATA: &str = "/api/v1/metadata";

type Request = (&'static str, &'static [(&'static str, &'static str)]);

/// Requests that are wrong somewhere, or look so.
///
/// Not among them, since they are refused here: times that Go's conversion to an integer makes arbitrary (NaN,
/// infinities, `1e300`), digits parted by `_`, and a span of series that ends before it begins (there it is empty).
/// Experimental functions are always on here.
#[rustfmt::skip]
const MALFORMED: [Request; 71] = [
    (QUERY, &[]),
    (QUERY, &[("query", "")]),
    (QUERY, &[("query", " ")]),
    (QUERY, &[("query", "up{")]),
    (QUERY, &[("query", "up[5m")]),
    (QUERY, &[("query", "{}")]),
    (QUERY, &[("query", "{job=~\".*\"}")]),
    (QUERY, &[("query", "{job!=\"\"}")]),
    (QUERY, &[("query", "nothing(up)")]),
    (QUERY, &[("query", "rate(up)")]),
    (QUERY, &[("query", "sum(up[5m])")]),
    (QUERY, &[("query", "up{job=~\"(\"}")]),
    (QUERY, &[("query", "up offset 5")]),
    (QUERY, &[("query", "up @ NaN")]),
    (QUERY, &[("query", "up @ Inf")]),
    (QUERY, &[("query", "up[5m:0s]")]),
    (QUERY, &[("query", "up[0s]")]),
    (QUERY, &[("query", "up[-5m]")]),
    (QUERY, &[("query", "\"a\\xff\"")]),
    (QUERY, &[("query", "1"), ("time", "")]),
    (QUERY, &[("query", "1"), ("time", "yesterday")]),
    (QUERY, &[("query", "1"), ("time", "-1")]),
    (QUERY, &[("query", "1"), ("time", "0x10")]),
    (QUERY, &[("query", "1"), ("time", "2026-02-30T00:00:00Z")]),
    (QUERY, &[("query", "1"), ("time", "2026-02-03")]),
    (QUERY, &[("query", "1"), ("time", "2026-02-03T04:05:06")]),
    (QUERY, &[("query", "1"), ("time", "2026-02-03T04:05:06+25:00")]),
    (QUERY, &[("query", "1"), ("time", "-292273086-05-16T16:47:06Z")]),
    (QUERY, &[("query", "1"), ("timeout", "soon")]),
    (QUERY, &[("query", "1"), ("timeout", "-1s")]),
    (QUERY, &[("query", "1"), ("timeout", "1e100")]),
    (QUERY, &[("query", "1"), ("limit", "some")]),
    (QUERY, &[("query", "1"), ("limit", "-1")]),
    (QUERY, &[("query", "1"), ("limit", "1.5")]),
    (QUERY, &[("query", "1"), ("lookback_delta", "long")]),
    (QUERY, &[("query", "1"), ("lookback_delta", "-5m")]),
    (QUERY, &[("query", "1"), ("lookback_delta", "0")]),
    (QUERY, &[("query", "1"), ("stats", "anything")]),
    (RANGE, &[]),
    (RANGE, &[("query", "1"), ("start", "0"), ("end", "60")]),
    (RANGE, &[("query", "1"), ("start", "0"), ("step", "15")]),
    (RANGE, &[("query", "1"), ("end", "60"), ("step", "15")]),
    (RANGE, &[("query", "1"), ("start", "60"), ("end", "0"), ("step", "15")]),
    (RANGE, &[("query", "1"), ("start", "0"), ("end", "60"), ("step", "0")]),
    (RANGE, &[("query", "1"), ("start", "0"), ("end", "60"), ("step", "-15")]),
    (RANGE, &[("query", "1"), ("start", "0"), ("end", "60"), ("step", "15x")]),
    (RANGE, &[("query", "1"), ("start", "0"), ("end", "11001"), ("step", "1")]),
    (RANGE, &[("query", "1"), ("start", "0"), ("end", "11000"), ("step", "1")]),
    (RANGE, &[("query", "1"), ("start", "0"), ("end", "1e300"), ("step", "1")]),
    (RANGE, &[("query", "1"), ("start", "0"), ("end", "60"), ("step", "1e30")]),
    (RANGE, &[("query", "up[5m]"), ("start", "0"), ("end", "60"), ("step", "15")]),
    (RANGE, &[("query", "\"text\""), ("start", "0"), ("end", "60"), ("step", "15")]),
    (RANGE, &[("query", "sum("), ("start", "0"), ("end", "60"), ("step", "15")]),
    (RANGE, &[("query", "1"), ("start", "0"), ("end", "60"), ("step", "15"), ("limit", "x")]),
    (RANGE, &[("query", "1"), ("start", "0"), ("end", "60"), ("step", "15"), ("timeout", "x")]),
    (SERIES, &[]),
    (SERIES, &[("match[]", "")]),
    (SERIES, &[("match[]", "{}")]),
    (SERIES, &[("match[]", "sum(up)")]),
    (SERIES, &[("match[]", "up"), ("start", "x")]),
    (SERIES, &[("match[]", "up"), ("limit", "x")]),
    (LABELS, &[("match[]", "{")]),
    (LABELS, &[("end", "x")]),
    (LABELS, &[("limit", "-1")]),
    (EXEMPLARS, &[]),
    (EXEMPLARS, &[("query", "up"), ("start", "60"), ("end", "0")]),
    (EXEMPLARS, &[("query", "sum(")]),
    (FORMAT, &[]),
    (FORMAT, &[("query", "sum(")]),
    (PARSE, &[("query", "1 +")]),
    ("/api/v1/nothing", &[]),
];

/// Requests that only `GET` can make.
#[rustfmt::skip]
const MALFORMED_GET: [&str; 13] = [
    "/api/v1/label/job/values?match[]={",
    "/api/v1/label/job/values?start=x",
    "/api/v1/label/job/values?limit=x",
    "/api/v1/label/0bad/values",
    "/api/v1/label/U__bad/values",
    "/api/v1/metadata?limit=x",
    "/api/v1/metadata?limit_per_metric=x",
    "/api/v1/targets/metadata?limit=x",
    "/api/v1/targets/metadata?match_target=x{",
    "/api/v1/query?query=%zz",
    "/api/v1/query?query=1&query=2",
    "/api/v1/query_range?query=1;start=0",
    "/api/v2/query?query=1",
];

/// Status and kind of error of an answer.
fn outcome(answer: &testkit::Answer) -> (u16, String) {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    // Without a handler Prometheus answers in plain text.
    if matches!(answer.status, 404 | 405) {
        return (answer.status, String::new());
    }
    (
        answer.status,
        body["errorType"].as_str().unwrap_or_default().to_owned(),
    )
}

#[test]
fn what_is_refused_is_refused_as_prometheus_refuses_it() -> anyhow::Result<()> {
    let pair = Pair::start()?;
    let mut different = Vec::new();
    let mut compare = |what: String, ask: &dyn Fn(&Client) -> anyhow::Result<testkit::Answer>| {
        let (ours, theirs) = (ask(&pair.ours.client)?, ask(&pair.theirs.client)?);
        if outcome(&ours) != outcome(&theirs) {
            different.push(format!(
                "{what}\n  {} {:.200}\n  for {} {:.200}",
                ours.status, ours.body, theirs.status, theirs.body
            ));
        }
        anyhow::Ok(())
    };
    for (path, form) in MALFORMED {
        compare(format!("POST {path} {form:?}"), &|client| {
            client.post_form(path, form)
        })?;
        let pairs: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{}={}", super::encoded(name), super::encoded(value)))
            .collect();
        let target = format!("{path}?{}", pairs.join("&"));
        compare(format!("GET {target}"), &|client| client.get(&target))?;
    }
    for target in MALFORMED_GET {
        compare(format!("GET {target}"), &|client| client.get(target))?;
    }
    // The names of labels are found there in spite of a form that cannot be read.
    for path in [QUERY, RANGE, SERIES, VALUES, METADATA] {
        let headers = [("Content-Type", "text/plain")];
        compare(format!("POST {path} as plain text"), &|client| {
            client.post(path, &headers, b"query=1")
        })?;
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        compare(format!("POST {path} with a broken form"), &|client| {
            client.post(path, &headers, b"query=%")
        })?;
    }
    assert!(
        different.is_empty(),
        "{} differ:\n{}",
        different.len(),
        different.join("\n")
    );
    Ok(())
}

/// Returns the ways to write a time that both have to read.
fn spellings(time: Millis) -> [String; 6] {
    let (seconds, millis) = (time.div_euclid(1000), time.rem_euclid(1000));
    let utc = model::calendar::format_rfc3339(time);
    let plain = utc.trim_end_matches('Z');
    [
        seconds.to_string(),
        format!("{seconds}.{millis:03}"),
        format!("{seconds}.{millis:03}499"),
        format!("{:e}", time as f64 / 1000.0),
        utc.clone(),
        format!("{plain}+01:30"),
    ]
}

#[test]
fn parameters_mean_what_they_mean_to_prometheus() -> anyhow::Result<()> {
    let pair = Pair::start()?;
    let mut random = SmallRng::seed_from_u64(7);
    data::load(&mut random, &[&pair.ours.client, &pair.theirs.client]).context("failed to load the data")?;
    let mut asked: Vec<(&str, Vec<(&str, String)>)> = Vec::new();
    for time in spellings(START + SPAN / 2 + 123) {
        asked.push((
            QUERY,
            vec![("query", "timestamp(temperature)".into()), ("time", time.clone())],
        ));
        asked.push((QUERY, vec![("query", "time()".into()), ("time", time.clone())]));
        let end = ((START + SPAN) / 1000).to_string();
        let range = vec![
            ("query", "temperature".into()),
            ("start", time),
            ("end", end),
            ("step", "1m30s".into()),
        ];
        asked.push((RANGE, range));
    }
    let at = ((START + SPAN / 2) / 1000).to_string();
    let end = ((START + SPAN) / 1000).to_string();
    for lookback in ["1ms", "7s", "37s", "10m", "1h", "90", "0.5", "1e2"] {
        for query in [
            "temperature",
            "count(temperature)",
            "max_over_time(temperature[5m:1m])",
        ] {
            asked.push((
                QUERY,
                vec![
                    ("query", query.into()),
                    ("time", at.clone()),
                    ("lookback_delta", lookback.into()),
                ],
            ));
        }
    }
    for limit in ["0", "1", "2", "1000000"] {
        for path in [QUERY, RANGE, SERIES, LABELS] {
            // Without a rank the order of an instant query's series is nobody's promise.
            let ranked = if path == QUERY {
                "sort_desc(distinct)"
            } else {
                "distinct + 0"
            };
            asked.push((
                path,
                vec![
                    ("query", ranked.into()),
                    ("match[]", "temperature".into()),
                    ("time", at.clone()),
                    ("start", at.clone()),
                    ("end", end.clone()),
                    ("step", "5m".into()),
                    ("limit", limit.into()),
                ],
            ));
        }
    }
    for step in ["15", "0.5", "7.0015", "1m1s1ms", "1e2", "100000000"] {
        let range = vec![
            ("query", "temperature + 0".into()),
            ("start", at.clone()),
            ("end", at.clone()),
            ("step", step.into()),
        ];
        asked.push((RANGE, range));
    }
    let mut different = Vec::new();
    for (path, form) in asked {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let ours = pair.ours.client.post_form(path, &form)?;
        let theirs = pair.theirs.client.post_form(path, &form)?;
        let found = if path == QUERY || path == RANGE {
            difference(&Answer::parse(&ours.body)?, &Answer::parse(&theirs.body)?, false)
        } else {
            let count = |answer: &testkit::Answer| -> anyhow::Result<usize> {
                let body: Value = serde_json::from_str(&answer.body)?;
                Ok(body["data"].as_array().map_or(0, Vec::len))
            };
            let (ours, theirs) = (count(&ours)?, count(&theirs)?);
            (ours != theirs).then(|| format!("{ours} for {theirs}"))
        };
        if let Some(what) = found {
            different.push(format!("{path} {form:?}\n  {what}"));
        }
    }
    assert!(
        different.is_empty(),
        "{} differ:\n{}",
        different.len(),
        different.join("\n")
    );
    Ok(())
}

#[test]
fn statistics_have_the_parts_of_prometheus() -> anyhow::Result<()> {
    let pair = Pair::start()?;
    let ask = |client: &Client, stats: &str| -> anyhow::Result<Value> {
        let form = [
            ("query", "1"),
            ("start", "0"),
            ("end", "60"),
            ("step", "30"),
            ("stats", stats),
        ];
        let answer = client.post_form(RANGE, &form)?;
        let body: Value = serde_json::from_str(&answer.body)?;
        Ok(body["data"]["stats"].clone())
    };
    for stats in ["", "1", "true", "all"] {
        let (ours, theirs) = (ask(&pair.ours.client, stats)?, ask(&pair.theirs.client, stats)?);
        // Ours has more: what the query read.
        let (ours, theirs) = (names(&ours), names(&theirs));
        assert!(
            theirs.iter().all(|name| ours.contains(name)),
            "stats={stats}: {ours:?} for {theirs:?}"
        );
        assert_eq!(ours.is_empty(), theirs.is_empty(), "stats={stats}");
    }
    Ok(())
}

/// Returns the paths of all values of an object.
fn names(value: &Value) -> Vec<String> {
    let Value::Object(object) = value else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for (name, inner) in object {
        all.push(name.clone());
        all.extend(names(inner).iter().map(|inner| format!("{name}.{inner}")));
    }
    all.sort();
    all
}
