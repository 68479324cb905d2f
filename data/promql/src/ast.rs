//! The shape of an expression.
//!
//! Every node knows the bytes of the text it came from. An [`Expr`] that the parser returned is well typed, of
//! bounded depth, and [`std::fmt::Display`] writes it so that it parses to the same tree again, with the matchers of a
//! selector in the order of their texts.

mod display;
mod facts;
mod pretty;

use std::fmt;

use model::{Matcher, Millis};

use crate::functions::Function;

/// A range of bytes of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

impl Span {
    /// Returns `line:column` of the start in a text, both from 1, columns in bytes, as Prometheus counts.
    pub fn position(self, text: &str) -> String {
        let Some(before) = text.get(..self.start) else {
            return "invalid position".to_owned();
        };
        let line = 1 + before.bytes().filter(|b| *b == b'\n').count();
        let column = 1 + before.len() - before.rfind('\n').map_or(0, |at| at + 1);
        format!("{line}:{column}")
    }

    pub(crate) fn to(self, end: usize) -> Self {
        Self {
            start: self.start,
            end,
        }
    }
}

/// What an expression evaluates to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// One number a time.
    Scalar,
    /// A string.
    String,
    /// A set of series with one value each at a time.
    InstantVector,
    /// A set of series with many values each at a time.
    RangeVector,
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::String => "string",
            Self::InstantVector => "instant vector",
            Self::RangeVector => "range vector",
        })
    }
}

/// A node with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it is.
    pub span: Span,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `1`, `5m`
    Number(NumberLiteral),
    /// `"text"`
    String(StringLiteral),
    /// `metric{label="value"}`
    Selector(Selector),
    /// `metric[5m]`
    Matrix(MatrixSelector),
    /// `expr[1h:5m]`
    Subquery(Box<Subquery>),
    /// `rate(…)`
    Call(Call),
    /// `sum by (job) (…)`
    Aggregate(Box<Aggregate>),
    /// `a + b`
    Binary(Box<Binary>),
    /// `-a`, `+a`
    Unary(Box<Unary>),
    /// `(a)`
    Paren(Box<Expr>),
}

/// A number.
#[derive(Clone, Copy, Debug)]
pub struct NumberLiteral {
    /// The number; seconds for a duration.
    pub value: f64,
    /// Whether it was written as a duration.
    pub duration: bool,
}

/// NaN equals NaN here: this is about what was written.
impl PartialEq for NumberLiteral {
    fn eq(&self, other: &Self) -> bool {
        self.duration == other.duration
            && (self.value == other.value || (self.value.is_nan() && other.value.is_nan()))
    }
}

/// A string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StringLiteral {
    /// The text; bytes that are not UTF-8 are replaced.
    pub value: String,
    /// The bytes, if they are not UTF-8.
    pub raw: Option<Vec<u8>>,
}

/// The time an `@` modifier fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtTime {
    /// `@ 1600000000.5`, in milliseconds.
    Fixed(Millis),
    /// `@ start()`
    Start,
    /// `@ end()`
    End,
}

/// A length of time: known, or computed from the query's step and range.
#[derive(Clone, Debug, PartialEq)]
pub struct DurationExpr {
    /// What it is.
    pub kind: DurationKind,
    /// Where it is.
    pub span: Span,
}

/// What a duration expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum DurationKind {
    /// `5m`, `300`, in seconds.
    Literal(NumberLiteral),
    /// `step()`
    Step,
    /// `range()`
    Range,
    /// `-a`
    Negate(Box<DurationExpr>),
    /// `(a)`
    Paren(Box<DurationExpr>),
    /// `a + b`; the operators are `+ - * / % ^`.
    Binary(BinaryOp, Box<DurationExpr>, Box<DurationExpr>),
    /// `min_of(a, b)`
    MinOf(Box<DurationExpr>, Box<DurationExpr>),
    /// `max_of(a, b)`
    MaxOf(Box<DurationExpr>, Box<DurationExpr>),
}

/// Experimental treatment of the samples around the ends of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// `anchored`: the values at the ends are those of the samples before them.
    Anchored,
    /// `smoothed`: the values at the ends are interpolated.
    Smoothed,
}

/// `offset` and `@` of a selector or subquery.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimeShift {
    /// `offset`
    pub offset: Option<DurationExpr>,
    /// `@`
    pub at: Option<AtTime>,
}

/// An instant vector selector.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    /// The name written before the braces.
    pub name: Option<String>,
    /// All matchers, the one for `name` last.
    pub matchers: Vec<Matcher>,
    /// `offset` and `@`.
    pub shift: TimeShift,
    /// `anchored` or `smoothed`.
    pub boundary: Option<Boundary>,
}

/// A range vector selector. `offset` and `@` are those of the selector inside.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixSelector {
    /// Which series.
    pub selector: Selector,
    /// How far back.
    pub range: DurationExpr,
}

/// An expression evaluated at many times.
#[derive(Clone, Debug, PartialEq)]
pub struct Subquery {
    /// What is evaluated.
    pub expr: Expr,
    /// How far back.
    pub range: DurationExpr,
    /// How often; the default step if not given.
    pub step: Option<DurationExpr>,
    /// `offset` and `@`.
    pub shift: TimeShift,
}

/// A function call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Which function.
    pub function: &'static Function,
    /// Its arguments.
    pub args: Vec<Expr>,
}

/// An aggregation operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the language")]
pub enum AggregateOp {
    Sum,
    Avg,
    Count,
    Min,
    Max,
    Group,
    Stddev,
    Stdvar,
    TopK,
    BottomK,
    CountValues,
    Quantile,
    LimitK,
    LimitRatio,
}

/// The labels an aggregation or matching is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// `without` instead of `by`.
    pub without: bool,
    /// Label names in the order given.
    pub labels: Vec<String>,
}

/// An aggregation.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Which operator.
    pub op: AggregateOp,
    /// `by` or `without`; none means one group.
    pub grouping: Option<Grouping>,
    /// The first argument of those operators that take two.
    pub param: Option<Expr>,
    /// What is aggregated.
    pub expr: Expr,
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the language")]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Atan2,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    TrimUpper,
    TrimLower,
    And,
    Or,
    Unless,
}

/// Which side may have many series for one of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cardinality {
    /// The default.
    OneToOne,
    /// `group_left`
    ManyToOne,
    /// `group_right`
    OneToMany,
    /// Set operators.
    ManyToMany,
}

/// How the series of two vectors find each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Matching {
    /// Which side may have many.
    pub cardinality: Cardinality,
    /// `on` instead of `ignoring`.
    pub on: bool,
    /// The labels of `on` or `ignoring`.
    pub labels: Vec<String>,
    /// The labels `group_left` or `group_right` copies.
    pub include: Vec<String>,
    /// The value that stands for a missing series on the left.
    pub fill_left: Option<f64>,
    /// The value that stands for a missing series on the right.
    pub fill_right: Option<f64>,
}

/// A binary operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// Which operator.
    pub op: BinaryOp,
    /// Left side.
    pub left: Expr,
    /// Right side.
    pub right: Expr,
    /// `bool`: comparisons return 0 or 1 instead of filtering.
    pub return_bool: bool,
    /// Present if both sides are vectors.
    pub matching: Option<Matching>,
}

/// A sign before an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Unary {
    /// Whether it is `-`.
    pub negative: bool,
    /// What follows.
    pub expr: Expr,
}
