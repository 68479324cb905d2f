//! A small blocking HTTP client for the API under test.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;

/// Speaks to one server.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    agent: ureq::Agent,
}

/// Status, headers that matter, and body of an answer.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status code.
    pub status: u16,
    /// Body as text.
    pub body: String,
}

impl Client {
    /// Makes a client for `http://address`.
    pub fn new(base: impl Into<String>) -> Self {
        Self::with_timeout(base, Duration::from_secs(30))
    }

    /// Makes a client that waits so long for an answer.
    pub fn with_timeout(base: impl Into<String>, timeout: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(timeout))
            .build();
        Self {
            base: base.into(),
            agent: config.into(),
        }
    }

    /// Returns the address it speaks to.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Gets a path.
    ///
    /// # Errors
    /// No answer came; any status is an answer.
    pub fn get(&self, path: &str) -> anyhow::Result<Answer> {
        let mut response = self.agent.get(format!("{}{path}", self.base)).call()?;
        let status = response.status().as_u16();
        let body = response
            .body_mut()
            .with_config()
            .limit(256 << 20)
            .read_to_string()?;
        Ok(Answer { status, body })
    }

    /// Deletes a path.
    ///
    /// # Errors
    /// No answer came; any status is an answer.
    pub fn delete(&self, path: &str) -> anyhow::Result<Answer> {
        let mut response = self.agent.delete(format!("{}{path}", self.base)).call()?;
        Ok(Answer {
            status: response.status().as_u16(),
            body: response
                .body_mut()
                .with_config()
                .limit(256 << 20)
                .read_to_string()?,
        })
    }

    /// Posts bytes with headers.
    ///
    /// # Errors
    /// No answer came; any status is an answer.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> anyhow::Result<Answer> {
        let mut request = self.agent.post(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request.send(body)?;
        let status = response.status().as_u16();
        Ok(Answer {
            status,
            body: response.body_mut().read_to_string()?,
        })
    }

    /// Posts a form, as Grafana asks its questions.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub fn post_form(&self, path: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let mut response = request.send_form(parameters.iter().copied())?;
        let status = response.status().as_u16();
        let body = response
            .body_mut()
            .with_config()
            .limit(256 << 20)
            .read_to_string()?;
        Ok(Answer { status, body })
    }

    /// Sends a remote-write 1.0 request: a snappy-compressed `WriteRequest`.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub fn remote_write(&self, compressed: &[u8]) -> anyhow::Result<Answer> {
        let headers = [
            ("Content-Type", "application/x-protobuf"),
            ("Content-Encoding", "snappy"),
            ("X-Prometheus-Remote-Write-Version", "0.1.0"),
        ];
        self.post("/api/v1/write", &headers, compressed)
    }

    /// Asks the API and returns what stands under `data`.
    ///
    /// # Errors
    /// No answer, no JSON, or a status other than `success`.
    pub fn api(&self, path: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Value> {
        let mut request = self.agent.get(format!("{}/api/v1/{path}", self.base));
        for (name, value) in parameters {
            request = request.query(*name, *value);
        }
        let mut response = request.call()?;
        let text = response
            .body_mut()
            .with_config()
            .limit(256 << 20)
            .read_to_string()?;
        let mut answer: Value =
            serde_json::from_str(&text).with_context(|| format!("{path} answered {text:.200}"))?;
        anyhow::ensure!(answer["status"] == "success", "{path} answered {text:.400}");
        Ok(answer["data"].take())
    }

    /// Evaluates an instant query and returns `(labels, timestamp in seconds, value)` for each series.
    ///
    /// # Errors
    /// As [`Client::api`], or the answer is no vector.
    pub fn query(&self, query: &str) -> anyhow::Result<Vec<(Value, f64, f64)>> {
        let data = self.api("query", &[("query", query)])?;
        let result = data["result"].as_array().context("a vector has results")?;
        let entry = |series: &Value| {
            let at = series["value"][0].as_f64()?;
            let value = series["value"][1].as_str()?.parse().ok()?;
            Some((series["metric"].clone(), at, value))
        };
        result
            .iter()
            .map(|series| entry(series).with_context(|| format!("no sample: {series}")))
            .collect()
    }
}
