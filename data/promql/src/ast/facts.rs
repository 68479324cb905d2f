//! Facts about nodes that need no data: types, names, classes of operators.

use crate::ast::{
    AggregateOp, BinaryOp, Boundary, DurationExpr, DurationKind, Expr, ExprKind, NumberLiteral, ValueType,
};

impl Expr {
    /// Returns the type of the value.
    pub fn value_type(&self) -> ValueType {
        match &self.kind {
            ExprKind::Number(_) => ValueType::Scalar,
            ExprKind::String(_) => ValueType::String,
            ExprKind::Selector(_) | ExprKind::Aggregate(_) => ValueType::InstantVector,
            ExprKind::Matrix(_) | ExprKind::Subquery(_) => ValueType::RangeVector,
            ExprKind::Call(call) => call.function.returns,
            ExprKind::Binary(binary) => {
                let scalars = [&binary.left, &binary.right]
                    .iter()
                    .all(|e| e.value_type() == ValueType::Scalar);
                if scalars {
                    ValueType::Scalar
                } else {
                    ValueType::InstantVector
                }
            }
            ExprKind::Unary(unary) => unary.expr.value_type(),
            ExprKind::Paren(inner) => inner.value_type(),
        }
    }

    /// Returns the expression without parentheses around it.
    pub fn unwrapped(&self) -> &Self {
        match &self.kind {
            ExprKind::Paren(inner) => inner.unwrapped(),
            _ => self,
        }
    }
}

impl Boundary {
    /// Returns the word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anchored => "anchored",
            Self::Smoothed => "smoothed",
        }
    }
}

impl AggregateOp {
    pub(crate) const ALL: [(&'static str, Self); 14] = [
        ("avg", Self::Avg),
        ("bottomk", Self::BottomK),
        ("count", Self::Count),
        ("count_values", Self::CountValues),
        ("group", Self::Group),
        ("limit_ratio", Self::LimitRatio),
        ("limitk", Self::LimitK),
        ("max", Self::Max),
        ("min", Self::Min),
        ("quantile", Self::Quantile),
        ("stddev", Self::Stddev),
        ("stdvar", Self::Stdvar),
        ("sum", Self::Sum),
        ("topk", Self::TopK),
    ];

    /// Returns the name of the operator.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, op)| *op == self)
            .map_or("", |(name, _)| name)
    }

    /// Tells whether the operator takes a parameter before the vector.
    pub fn has_param(self) -> bool {
        matches!(
            self,
            Self::TopK | Self::BottomK | Self::CountValues | Self::Quantile | Self::LimitK | Self::LimitRatio
        )
    }

    /// Tells whether the operator is experimental in Prometheus.
    pub fn is_experimental(self) -> bool {
        matches!(self, Self::LimitK | Self::LimitRatio)
    }
}

impl BinaryOp {
    /// Returns the operator as written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
            Self::Atan2 => "atan2",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::TrimUpper => "</",
            Self::TrimLower => ">/",
            Self::And => "and",
            Self::Or => "or",
            Self::Unless => "unless",
        }
    }

    /// Tells whether the operator compares.
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Less
                | Self::LessOrEqual
                | Self::Greater
                | Self::GreaterOrEqual
        )
    }

    /// Tells whether the operator is `and`, `or` or `unless`.
    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }

    /// Tells whether the operator leaves out the observations of a histogram on one side of a value.
    pub fn is_trim(self) -> bool {
        matches!(self, Self::TrimUpper | Self::TrimLower)
    }

    /// Tells whether the result is another quantity than the left side, and so loses its name.
    pub fn changes_metric(self) -> bool {
        matches!(
            self,
            Self::Add | Self::Sub | Self::Mul | Self::Div | Self::Mod | Self::Pow | Self::Atan2
        )
    }

    /// Binding power; a higher one binds tighter.
    pub(crate) fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And | Self::Unless => 2,
            Self::Add | Self::Sub => 4,
            Self::Mul | Self::Div | Self::Mod | Self::Atan2 => 5,
            Self::Pow => 6,
            _ => 3,
        }
    }
}

impl DurationExpr {
    pub(crate) fn literal(&self) -> Option<NumberLiteral> {
        match self.kind {
            DurationKind::Literal(literal) => Some(literal),
            _ => None,
        }
    }
}
