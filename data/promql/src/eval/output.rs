//! Frames to values.

use std::sync::Arc;

use model::{Labels, Millis};

use crate::ast::ValueType;
use crate::error::EvalError;
use crate::eval::Evaluator;
use crate::eval::frame::{Frame, float_steps, histogram_at, without_metadata};
use crate::eval::steps::{Steps, has_step, steps_of};
use crate::plan::{Kind, Node};
use crate::value::{Sample, Series, Value};

impl Evaluator<'_> {
    pub(super) fn value(&self, node: &Node, steps: &Steps) -> Result<Value, EvalError> {
        let instant = self.params.is_instant();
        match node.value_type {
            ValueType::String => self.text(node, steps),
            ValueType::Scalar => {
                let values = self.scalar(node, steps)?;
                if instant {
                    let value = values.first().copied().unwrap_or(f64::NAN);
                    return Ok(Value::Scalar {
                        timestamp: steps.start,
                        value,
                    });
                }
                let floats = steps.times().zip(values).collect();
                Ok(Value::Matrix(vec![Series {
                    labels: Labels::default(),
                    floats,
                    histograms: Vec::new(),
                }]))
            }
            ValueType::InstantVector => {
                let frame = self.final_names(self.vector(node, steps)?)?;
                if instant {
                    let rows = frame.rows().filter(|row| has_step(row.present, 0));
                    let samples = rows
                        .map(|row| Sample {
                            labels: row.labels.clone(),
                            value: histogram_at(row.histograms, 0).map_or(row.values[0], |h| h.sum),
                            histogram: histogram_at(row.histograms, 0).cloned(),
                        })
                        .collect();
                    return Ok(Value::InstantVector {
                        timestamp: steps.start,
                        samples,
                    });
                }
                Ok(Value::Matrix(sorted(series_of(&frame, steps))))
            }
            ValueType::RangeVector => {
                let Kind::Range(plan) = &node.kind else {
                    return Err(EvalError::invalid("range vector expected"));
                };
                Ok(Value::RangeVector(sorted(self.range_vector(plan, steps)?)))
            }
        }
    }

    fn text(&self, node: &Node, steps: &Steps) -> Result<Value, EvalError> {
        match &node.kind {
            Kind::Text(text) => Ok(Value::String {
                timestamp: steps.start,
                value: text.value.clone(),
            }),
            _ => Err(EvalError::invalid("string expected")),
        }
    }

    /// Takes off the names that were kept until now.
    fn final_names(&self, mut frame: Frame) -> Result<Frame, EvalError> {
        if !self.params.delayed_name_removal {
            return Ok(frame);
        }
        for head in frame.heads_mut().iter_mut().filter(|head| head.drop_name) {
            head.labels = without_metadata(&head.labels);
        }
        frame.merge_equal_labels()
    }
}

fn series_of(frame: &Frame, steps: &Steps) -> Vec<Series> {
    let time = |i: usize| steps.start + i as Millis * steps.step;
    let series = frame.rows().map(|row| {
        let floats = float_steps(row.present, row.histograms);
        let of_histograms = steps_of(row.present)
            .filter_map(|i| Some((time(i), Arc::clone(histogram_at(row.histograms, i)?))));
        Series {
            labels: row.labels.clone(),
            floats: steps_of(&floats).map(|i| (time(i), row.values[i])).collect(),
            histograms: if row.histograms.is_empty() {
                Vec::new()
            } else {
                of_histograms.collect()
            },
        }
    });
    series
        .filter(|series| !series.floats.is_empty() || !series.histograms.is_empty())
        .collect()
}

fn sorted(mut series: Vec<Series>) -> Vec<Series> {
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    series
}
