//! What an evaluation returns.

use std::sync::Arc;

use model::{Histogram, Labels, Millis};

use crate::annotations::Annotation;

/// A series with its value at the evaluation time.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What it is called.
    pub labels: Labels,
    /// Its value; of a histogram its sum.
    pub value: f64,
    /// The histogram, `None` for a float.
    pub histogram: Option<Arc<Histogram>>,
}

/// A series with its values at many times, in ascending order.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What it is called.
    pub labels: Labels,
    /// Its float values.
    pub floats: Vec<(Millis, f64)>,
    /// Its native histograms; a time has a float or a histogram, not both.
    pub histograms: Vec<(Millis, Arc<Histogram>)>,
}

/// The value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number, of an instant query.
    Scalar {
        /// The evaluation time.
        timestamp: Millis,
        /// The number.
        value: f64,
    },
    /// A string, of an instant query.
    String {
        /// The evaluation time.
        timestamp: Millis,
        /// The text.
        value: String,
    },
    /// Series with one value each, of an instant query; sorted only if the expression sorts.
    InstantVector {
        /// The evaluation time.
        timestamp: Millis,
        /// The elements.
        samples: Vec<Sample>,
    },
    /// Series with their samples in a range, of an instant query; sorted by labels.
    RangeVector(Vec<Series>),
    /// Series with one value a step, of a range query; sorted by labels.
    Matrix(Vec<Series>),
}

/// A value, with what the reader should know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryOutput {
    /// The value.
    pub value: Value,
    /// The value may not be what was meant.
    pub warnings: Vec<Annotation>,
    /// The expression may not be what was meant.
    pub infos: Vec<Annotation>,
}
