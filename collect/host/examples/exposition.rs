//! Prints what the collectors read on this machine as exposition text, errors on stderr.
//!
//! `cargo run -p host --example exposition -- [ROOT] [COLLECTOR ...]`
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example speaks to its terminal"
)]

use std::collections::BTreeMap;

use host::{Root, table};
use model::{Family, Labels, Sink};

/// Families in order of names, each with its lines.
#[derive(Default)]
struct Text(BTreeMap<String, (String, Vec<String>)>);

impl Sink for Text {
    fn sample(&mut self, family: &Family<'_>, labels: &[(&str, &str)], value: f64) {
        let (_, lines) = self.0.entry(family.name.to_owned()).or_insert_with(|| {
            let Family {
                name,
                help,
                metric_type,
            } = family;
            (
                format!("# HELP {name} {help}\n# TYPE {name} {metric_type}"),
                Vec::new(),
            )
        });
        match Labels::from_pairs(labels.iter().copied()) {
            Ok(labels) => {
                let labels = if labels.is_empty() {
                    String::new()
                } else {
                    labels.to_string()
                };
                lines.push(format!("{}{labels} {value}", family.name));
            }
            Err(error) => eprintln!("{}: {error}", family.name),
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let root = Root::at(arguments.next().unwrap_or_else(|| "/".to_owned()));
    let wanted: Vec<String> = arguments.collect();
    let mut text = Text::default();
    for row in table::ROWS {
        if wanted.is_empty() || wanted.iter().any(|name| name == row.name) {
            let started = std::time::Instant::now();
            if let Err(error) = (row.new)().collect(&root, &mut text) {
                eprintln!("{}: {error}", row.name);
            }
            eprintln!("{}: {:?}", row.name, started.elapsed());
        }
    }
    for (header, lines) in text.0.values() {
        println!("{header}\n{}", lines.join("\n"));
    }
}
