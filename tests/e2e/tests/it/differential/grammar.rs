//! Random queries of the whole language.

mod functions;
mod query;

use rand::RngExt as _;
use rand::rngs::SmallRng;

use functions::{Arg, FUNCTIONS};
pub(super) use query::{Query, Type};

use super::data::{Kind, METRICS, Metric, SPAN, START};

/// Makes queries.
pub(super) struct Grammar<'a> {
    pub(super) random: &'a mut SmallRng,
}

const AGGREGATIONS: [&str; 9] = [
    "sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "sum",
];
const LABELS: [&str; 7] = ["job", "instance", "code", "room", "le", "version", "missing"];
const RANGES: [&str; 9] = ["1m", "5m", "37s", "10m", "1h", "2m13s", "15s", "30m", "5m"];
const NUMBERS: [&str; 14] = [
    "0", "1", "2", "-1", "0.5", "3.7", "10", "100", "-17.25", "1e3", "0x1F", "NaN", "Inf", "-Inf",
];

impl Grammar<'_> {
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.random.random_range(0..from.len())]
    }

    fn chance(&mut self, of: f64) -> bool {
        self.random.random_bool(of)
    }

    /// Makes a query that can be asked by itself, `Matrix` only for instant queries.
    pub(super) fn query(&mut self) -> Query {
        match self.random.random_range(0..20) {
            0 => self.scalar(3),
            1 => self.matrix(2),
            // Nowhere else does an order show.
            2 => {
                let function = self.pick(&["sort", "sort_desc"]);
                let inner = self.vector(3);
                Query::new(Type::Vector)
                    .text(format!("{function}("))
                    .part(inner)
                    .text(")")
            }
            _ => self.vector(4),
        }
    }

    fn scalar(&mut self, depth: usize) -> Query {
        let new = || Query::new(Type::Scalar);
        if depth == 0 {
            let number = self.pick(&NUMBERS);
            return new().text(number);
        }
        match self.random.random_range(0..12) {
            0 => new().text("time()"),
            1 => new().text("pi()"),
            2 => new().text("scalar(").part(self.vector(depth - 1)).text(")"),
            3 => {
                let operator = self.pick(&[
                    "+", "-", "*", "/", "%", "^", "atan2", "== bool", "< bool", ">= bool",
                ]);
                let left = self.scalar(depth - 1);
                let right = self.scalar(depth - 1);
                new()
                    .text("(")
                    .part(left)
                    .text(format!(" {operator} "))
                    .part(right)
                    .text(")")
            }
            4 => new().text("-(").part(self.scalar(depth - 1)).text(")"),
            _ => new().text(self.pick(&NUMBERS)),
        }
    }

    fn vector(&mut self, depth: usize) -> Query {
        if depth == 0 {
            return self.selector();
        }
        match self.random.random_range(0..20) {
            0..=2 => self.selector(),
            3..=8 => self.call(depth),
            9..=13 => self.aggregation(depth),
            14..=18 => self.binary(depth),
            _ => {
                let sign = self.pick(&["-", "+"]);
                Query::new(Type::Vector)
                    .text(format!("{sign}("))
                    .part(self.vector(depth - 1))
                    .text(")")
            }
        }
    }

    fn metric(&mut self) -> &'static Metric {
        &METRICS[self.random.random_range(0..METRICS.len())]
    }

    fn of_kind(&mut self, kind: Kind) -> &'static Metric {
        let matching: Vec<_> = METRICS.iter().filter(|metric| metric.kind == kind).collect();
        self.pick(&matching)
    }

    fn selector(&mut self) -> Query {
        let metric = self.metric();
        self.select(metric)
    }

    fn select(&mut self, metric: &Metric) -> Query {
        let text = self.plain_selector(metric);
        let modifiers = self.modifiers();
        Query::new(Type::Vector).text(text + &modifiers)
    }

    fn plain_selector(&mut self, metric: &Metric) -> String {
        let mut matchers = Vec::new();
        let mut name = metric.name.to_owned();
        if self.chance(0.08) {
            let start: String = name.chars().take(4).collect();
            name = String::new();
            matchers.push(match self.random.random_range(0..3) {
                0 => format!("__name__=\"{}\"", metric.name),
                1 => format!("__name__=~\"{start}.+\""),
                // Which remarks are made on floats and histograms in one group depends on which comes first.
                _ if metric.kind.is_native() => format!("__name__=~\"{}|nothing\"", metric.name),
                _ => format!("__name__=~\"{}|distinct\"", metric.name),
            });
        }
        while self.chance(0.35) {
            let (label, values) = self.pick(metric.labels);
            let value = self.pick(values);
            let quoted = format!("{value:?}");
            let escaped = format!("{:?}", value.replace('+', "\\+").replace('.', "\\."));
            let first: String = value.chars().take(1).collect();
            matchers.push(match self.random.random_range(0..8) {
                0 | 1 => format!("{label}={quoted}"),
                2 => format!("{label}!={quoted}"),
                3 => format!("{label}=~{escaped}"),
                4 => format!("{label}!~{escaped}"),
                5 => format!("{label}=~\".*\""),
                6 => format!("{label}!~\"[a-c].*|{}\"", if first == "+" { "" } else { &first }),
                _ => format!("{}=\"\"", self.pick(&LABELS)),
            });
        }
        if matchers.is_empty() && !name.is_empty() {
            name
        } else {
            format!("{name}{{{}}}", matchers.join(","))
        }
    }

    fn modifiers(&mut self) -> String {
        let mut parts = Vec::new();
        if self.chance(0.12) {
            let offset = self.pick(&[
                "5m",
                "-3m",
                "1h",
                "37s",
                "-1h10m",
                "7s",
                "1w",
                "-1d2h3m4s5ms",
                "1ms",
            ]);
            parts.push(format!(" offset {offset}"));
        }
        if self.chance(0.08) {
            let at = match self.random.random_range(0..4) {
                0 => "start()".to_owned(),
                1 => "end()".to_owned(),
                _ => {
                    let t = START + self.random.random_range(0..SPAN);
                    format!("{}.{:03}", t / 1000, t % 1000)
                }
            };
            parts.push(format!(" @ {at}"));
        }
        if self.chance(0.5) {
            parts.reverse();
        }
        parts.concat()
    }

    fn matrix(&mut self, depth: usize) -> Query {
        let range = self.pick(&RANGES);
        if depth > 1 && self.chance(0.25) {
            let step = self.pick(&["1m", "", "37s", "15s", "3m"]);
            let inner = self.vector(depth - 1);
            let modifiers = self.modifiers();
            let new = Query::new(Type::Matrix);
            return new
                .text("(")
                .part(inner)
                .text(format!(")[{range}:{step}]{modifiers}"));
        }
        let metric = self.metric();
        let text = self.plain_selector(metric);
        let modifiers = self.modifiers();
        Query::new(Type::Matrix).text(format!("{text}[{range}]{modifiers}"))
    }

    fn call(&mut self, depth: usize) -> Query {
        if self.chance(0.06) {
            return self.label_function(depth);
        }
        let (name, args) = self.pick(&FUNCTIONS);
        let mut query = Query::new(Type::Vector).text(format!("{name}("));
        let mut separator = "";
        for arg in args {
            let part = match arg {
                Arg::Vector => self.vector(depth - 1),
                Arg::Plain => self.selector(),
                Arg::Matrix => self.matrix(depth),
                Arg::Scalar => self.scalar(depth - 1),
                Arg::Fraction => self.fraction(),
                Arg::MaybeVector if self.chance(0.3) => continue,
                Arg::MaybeVector => self.vector(depth - 1),
                Arg::Buckets => self.buckets(),
                Arg::Native => self.native(),
            };
            query = query.text(separator).part(part);
            separator = ", ";
        }
        query.text(")")
    }

    fn label_function(&mut self, depth: usize) -> Query {
        let inner = self.vector(depth - 1);
        let target = self.pick(&["job", "instance", "new", "__name__"]);
        let source = self.pick(&LABELS);
        let new = Query::new(Type::Vector);
        if self.chance(0.5) {
            let (pattern, replacement) = self.pick(&[
                ("(.*)", "$1-x"),
                ("(.).*", "${1}"),
                ("a:(?P<p>.+)", "port $p"),
                ("", "empty"),
                ("(.*)", ""),
            ]);
            new.text("label_replace(").part(inner).text(format!(
                ", \"{target}\", \"{replacement}\", \"{source}\", \"{pattern}\")"
            ))
        } else {
            let other = self.pick(&LABELS);
            new.text("label_join(")
                .part(inner)
                .text(format!(", \"{target}\", \"-\", \"{source}\", \"{other}\")"))
        }
    }

    fn fraction(&mut self) -> Query {
        let text = self.pick(&["0.5", "0.9", "0.99", "0", "1", "0.25", "-0.1", "1.1", "NaN"]);
        Query::new(Type::Scalar).text(text)
    }

    fn buckets(&mut self) -> Query {
        let metric = self.of_kind(Kind::Buckets);
        let new = Query::new(Type::Vector);
        match self.random.random_range(0..3) {
            0 => self.select(metric),
            1 => {
                let selector = self.plain_selector(metric);
                let range = self.pick(&RANGES);
                new.text(format!("rate({selector}[{range}])"))
            }
            _ => {
                let selector = self.plain_selector(metric);
                let range = self.pick(&RANGES);
                new.text(format!("sum by (le, job) (increase({selector}[{range}]))"))
            }
        }
    }

    fn native(&mut self) -> Query {
        let native: Vec<_> = METRICS.iter().filter(|metric| metric.kind.is_native()).collect();
        let metric = self.pick(&native);
        let new = Query::new(Type::Vector);
        let selector = self.plain_selector(metric);
        let range = self.pick(&RANGES);
        let function = self.pick(&[
            "rate",
            "increase",
            "sum_over_time",
            "avg_over_time",
            "delta",
            "irate",
            "idelta",
        ]);
        let over_time = new.text(format!("{function}({selector}[{range}])"));
        let operator = self.pick(&["sum", "avg"]);
        let grouping = self.grouping();
        let aggregated = |inner: Query| {
            let new = Query::new(Type::Vector);
            new.text(format!("{operator}{grouping}(")).part(inner).text(")")
        };
        match self.random.random_range(0..6) {
            0 | 1 => self.select(metric),
            2 => over_time,
            3 => aggregated(over_time),
            4 => aggregated(self.select(metric)),
            _ => {
                let (a, b) = (self.select(metric), self.select(metric));
                let operator = self.pick(&["+", "-", "==", "!=", "*"]);
                let new = Query::new(Type::Vector);
                new.text("(")
                    .part(a)
                    .text(format!(" {operator} "))
                    .part(b)
                    .text(")")
            }
        }
    }

    fn grouping(&mut self) -> String {
        let mut labels: Vec<&str> = LABELS.to_vec();
        labels.retain(|_| self.random.random_bool(0.3));
        match self.random.random_range(0..3) {
            0 => String::new(),
            1 => format!(" by ({}) ", labels.join(", ")),
            _ => format!(" without ({}) ", labels.join(", ")),
        }
    }

    fn aggregation(&mut self, depth: usize) -> Query {
        let grouping = self.grouping();
        let new = Query::new(Type::Vector);
        match self.random.random_range(0..12) {
            0 => {
                // Only what has no ties is ranked: which of two equals comes first is nobody's promise.
                let metric = self.of_kind(Kind::Distinct);
                let operator = self.pick(&["topk", "bottomk"]);
                let selector = self.select(metric);
                let k = self.pick(&["1", "2", "5", "0", "-1", "100"]);
                new.text(format!("{operator}{grouping}({k}, "))
                    .part(selector)
                    .text(")")
            }
            1 => {
                let fraction = self.fraction();
                let inner = self.vector(depth - 1);
                new.text(format!("quantile{grouping}("))
                    .part(fraction)
                    .text(", ")
                    .part(inner)
                    .text(")")
            }
            2 => {
                let metric = self.metric();
                let inner = self.select(metric);
                new.text(format!("count_values{grouping}(\"value\", "))
                    .part(inner)
                    .text(")")
            }
            _ => {
                let operator = self.pick(&AGGREGATIONS);
                let depth = if operator.starts_with("std") { 0 } else { depth - 1 };
                let inner = self.vector(depth);
                new.text(format!("{operator}{grouping}(")).part(inner).text(")")
            }
        }
    }

    fn binary(&mut self, depth: usize) -> Query {
        let new = Query::new(Type::Vector);
        let mut operator = self
            .pick(&[
                "+", "-", "*", "/", "%", "^", "atan2", "==", "!=", "<", ">", "<=", ">=", "and", "or",
                "unless", "-", "/",
            ])
            .to_owned();
        let is_set = ["and", "or", "unless"].contains(&operator.as_str());
        let is_comparison = operator.contains(['=', '<', '>']);
        if is_comparison && self.chance(0.4) {
            operator.push_str(" bool");
        }
        if !is_set && self.chance(0.3) {
            let depth = if operator == "%" { 0 } else { depth - 1 };
            let scalar = self.scalar(depth);
            let vector = self.vector(depth);
            let (left, right) = if self.chance(0.5) {
                (scalar, vector)
            } else {
                (vector, scalar)
            };
            return new
                .text("(")
                .part(left)
                .text(format!(" {operator} "))
                .part(right)
                .text(")");
        }
        let matching = self.matching(is_set);
        let (left, right) = if operator == "%" {
            (self.selector(), self.selector())
        } else {
            self.operands(depth)
        };
        new.text("(")
            .part(left)
            .text(format!(" {operator}{matching} "))
            .part(right)
            .text(")")
    }

    fn matching(&mut self, is_set: bool) -> String {
        let mut text = String::new();
        if self.chance(0.4) {
            return text;
        }
        let mut labels: Vec<&str> = vec!["job", "instance", "code", "room"];
        labels.retain(|_| self.random.random_bool(0.5));
        let word = self.pick(&["on", "ignoring"]);
        text += &format!(" {word} ({})", labels.join(", "));
        if !is_set && self.chance(0.4) {
            let side = self.pick(&["group_left", "group_right"]);
            let included = self.pick(&["", "version", "code", "missing, version"]);
            text += &format!(" {side} ({included})");
        }
        text
    }

    /// Returns two vectors, often such that some of their series match.
    fn operands(&mut self, depth: usize) -> (Query, Query) {
        match self.random.random_range(0..4) {
            0 => {
                let metric = self.metric();
                (self.select(metric), self.select(metric))
            }
            1 => {
                let by = self.pick(&["job", "instance", "job, instance"]);
                let side = |grammar: &mut Self| {
                    let operator = grammar.pick(&AGGREGATIONS);
                    let depth = if operator.starts_with("std") { 0 } else { depth - 1 };
                    let inner = grammar.vector(depth);
                    let new = Query::new(Type::Vector);
                    new.text(format!("{operator} by ({by}) (")).part(inner).text(")")
                };
                (side(self), side(self))
            }
            2 => {
                let info = self.of_kind(Kind::Info);
                (self.vector(depth - 1), self.select(info))
            }
            _ => (self.vector(depth - 1), self.vector(depth - 1)),
        }
    }
}
