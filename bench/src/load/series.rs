//! Series with labels and a seeded course of values.

use std::collections::HashMap;

use super::shape::{Random, Shape};

/// All texts of names and values, each once.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    texts: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Symbols {
    /// Returns the number of a text, a new one if need be.
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// Returns the text of a number that [`Symbols::intern`] gave.
    pub(crate) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", String::as_str)
    }

    /// Returns how many there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }
}

/// One series.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// Symbols of names and values in turn, sorted by name.
    pub(crate) labels: Box<[u32]>,
    /// How its values come about.
    pub(crate) shape: Shape,
    /// Draws what is random about them; series with equal shape and state have equal values.
    pub(crate) random: Random,
    /// What the next value is made of.
    pub(crate) value: f64,
    /// The target it is scraped from: one connection, one time of its own within the interval.
    pub(crate) target: u32,
    /// Rounds in which it is there: from the first until before the second.
    pub(crate) life: (u32, u32),
}

impl Series {
    /// Moves on to the next round and returns the value there.
    pub(crate) fn step(&mut self) -> f64 {
        let value = self.value;
        self.value = self.shape.next(value, &mut self.random);
        self.shape.shown(value)
    }
}

/// A set of series that is sent.
#[derive(Debug, Default)]
pub(crate) struct Corpus {
    /// Seconds from one sample of a series to the next.
    pub(crate) interval: f64,
    /// Texts of the labels.
    pub(crate) symbols: Symbols,
    /// The series, those of one target side by side.
    pub(crate) series: Vec<Series>,
}

/// What the series of one target share.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    /// Number of the target.
    pub(crate) number: u32,
    /// Labels of all its series, unsorted.
    pub(crate) labels: Vec<(&'a str, String)>,
    /// Rounds in which its series are there.
    pub(crate) life: (u32, u32),
}

/// Series of a target being added.
pub(crate) struct Scrape<'a> {
    corpus: &'a mut Corpus,
    target: &'a Target<'a>,
}

impl Corpus {
    /// Starts an empty set.
    pub(crate) fn new(interval: f64) -> Self {
        Self {
            interval,
            ..Self::default()
        }
    }

    /// Goes on with the series of a target.
    pub(crate) fn of<'a>(&'a mut self, target: &'a Target<'a>) -> Scrape<'a> {
        Scrape { corpus: self, target }
    }
}

impl Scrape<'_> {
    /// Returns a counter of the CPU seconds of so many cores.
    pub(crate) fn cpu(&self, cores: f64) -> Shape {
        Shape::Cpu {
            cores,
            interval: self.corpus.interval,
        }
    }

    /// Adds several series with the same labels.
    pub(crate) fn add_all(&mut self, own: &[(&str, &str)], families: &[(&str, Shape)]) {
        for (name, shape) in families {
            self.add(name, own, *shape);
        }
    }

    /// Adds a series. The seed of its course is drawn from its labels.
    pub(crate) fn add(&mut self, name: &str, own: &[(&str, &str)], shape: Shape) {
        let Self { corpus, target } = self;
        let mut labels: Vec<(&str, &str)> = target
            .labels
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            // Own labels win, as with `honor_labels`.
            .filter(|(key, _)| own.iter().all(|(k, _)| k != key))
            .chain(own.iter().copied())
            .chain([("__name__", name)])
            .filter(|(_, value)| !value.is_empty())
            .collect();
        labels.sort_unstable();
        // The bound of a bucket and the suffix of the name do not count: parts of one histogram move together.
        let family = ["_bucket", "_count", "_sum"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix))
            .unwrap_or(name);
        let mut random = Random::of(family.as_bytes());
        for (key, value) in labels.iter().filter(|(key, _)| !["le", "__name__"].contains(key)) {
            random.mix(key.as_bytes());
            random.mix(value.as_bytes());
        }
        let symbols = &mut corpus.symbols;
        let labels = labels
            .iter()
            .flat_map(|(key, value)| [symbols.intern(key), symbols.intern(value)])
            .collect();
        let value = shape.first(&mut random);
        corpus.series.push(Series {
            labels,
            shape,
            random,
            value,
            target: target.number,
            life: target.life,
        });
    }
}
