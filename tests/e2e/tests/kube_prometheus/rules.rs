//! The rules, as Prometheus has read them, and their recorded series on our side.

use anyhow::Context as _;
use model::{Batch, LabelsBuilder, METRIC_NAME, Millis, stale_marker};
use serde_json::Value;
use testkit::Client;

use crate::compare::now;

/// One rule.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Name of the recorded series, or of the alert.
    pub(crate) name: String,
    /// The group.
    pub(crate) group: String,
    /// The expression.
    pub(crate) query: String,
    /// Labels that the recorded series get.
    labels: Vec<(String, String)>,
    is_recorded: bool,
    /// What the last evaluation found: label sets, as the API answers.
    last: Vec<Value>,
}

/// All rules, in their order.
#[derive(Debug)]
pub(crate) struct Rules(pub(crate) Vec<Rule>);

impl Rules {
    /// Asks Prometheus.
    ///
    /// # Errors
    /// It does not answer, or has none.
    pub(crate) fn of(prometheus: &Client) -> anyhow::Result<Self> {
        let data = prometheus.api("rules", &[])?;
        let mut rules = Vec::new();
        for group in data["groups"].as_array().context("there are groups")? {
            for rule in group["rules"].as_array().into_iter().flatten() {
                let text = |key: &str| rule[key].as_str().unwrap_or_default().to_owned();
                let labels = rule["labels"].as_object().into_iter().flatten();
                let labels =
                    labels.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
                rules.push(Rule {
                    name: text("name"),
                    group: group["name"].as_str().unwrap_or_default().to_owned(),
                    query: text("query"),
                    labels: labels.collect(),
                    is_recorded: text("type") == "recording",
                    last: Vec::new(),
                });
            }
        }
        anyhow::ensure!(!rules.is_empty(), "Prometheus has read no rules");
        Ok(Self(rules))
    }

    /// Evaluates all recorded rules on our data and writes the series, one rule after the other as a rule sees what
    /// those before it have recorded. A series that is there no more ends, as in Prometheus.
    ///
    /// # Errors
    /// Ours does not answer, or does not take a series.
    pub(crate) fn evaluate(&mut self, ours: &Client) -> anyhow::Result<()> {
        let now = now(ours)?;
        let (time, parameter) = ((now * 1000.0).round() as Millis, format!("{now:.3}"));
        for rule in self.0.iter_mut().filter(|rule| rule.is_recorded) {
            let data = ours
                .api("query", &[("query", &rule.query), ("time", &parameter)])
                .with_context(|| format!("evaluating {}", rule.name))?;
            let (mut batch, mut found) = (Batch::default(), Vec::new());
            for series in data["result"].as_array().into_iter().flatten() {
                let value = series["value"][1].as_str().context("a sample has a value")?;
                rule.add(&mut batch, &series["metric"], (time, value.parse()?))?;
                found.push(series["metric"].clone());
            }
            for gone in rule.last.iter().filter(|one| !found.contains(one)) {
                rule.add(&mut batch, gone, (time, stale_marker()))?;
            }
            rule.last = found;
            if batch.rows().is_empty() {
                continue;
            }
            let answer = ours.remote_write(&wire::encode_remote_write_v1(&batch))?;
            anyhow::ensure!(
                answer.status / 100 == 2,
                "{} is not taken: {}",
                rule.name,
                answer.body
            );
        }
        Ok(())
    }
}

impl Rule {
    /// Adds a sample of a recorded series.
    fn add(&self, batch: &mut Batch, metric: &Value, (time, value): (Millis, f64)) -> anyhow::Result<()> {
        let mut labels = LabelsBuilder::default();
        labels.add(METRIC_NAME, &self.name);
        for (name, value) in metric.as_object().into_iter().flatten() {
            let is_replaced = name == METRIC_NAME || self.labels.iter().any(|(own, _)| own == name);
            if !is_replaced {
                labels.add(name, value.as_str().unwrap_or_default());
            }
        }
        for (name, value) in &self.labels {
            labels.add(name, value);
        }
        let packed = batch
            .add_series(&mut labels)
            .with_context(|| format!("{}: {metric}", self.name))?;
        batch.push(&packed, time, value);
        Ok(())
    }
}
