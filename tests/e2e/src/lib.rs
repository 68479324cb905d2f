//! Whole processes against real peers; everything stands in `tests/it`.
