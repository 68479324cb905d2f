//! Expressions over several lines, as `format_query` and `promtool promql format` show them.
//!
//! A node whose text is longer than a line is split: what is inside of it stands on lines of its own, one level
//! deeper. Comments are gone by then: they are no part of the tree.

use std::fmt::Write;

use crate::ast::display::{Operator, Range, is_power_of_infinity};
use crate::ast::{Aggregate, Binary, Expr, ExprKind};

/// Longest text of a node on one line, in bytes.
const LINE: usize = 100;

/// How far a level is from the one above it.
const INDENT: &str = "  ";

impl Expr {
    /// Writes the expression so that no line is much longer than 100 bytes, in Prometheus' form.
    pub fn pretty(&self) -> String {
        self.pretty_within(LINE)
    }

    /// Writes the expression, split where a node is longer than `line` bytes.
    pub fn pretty_within(&self, line: usize) -> String {
        let mut printer = Printer {
            line,
            out: String::new(),
        };
        printer.node(self, 0);
        printer.out
    }
}

struct Printer {
    line: usize,
    out: String,
}

impl Printer {
    fn indent(&mut self, level: usize) {
        (0..level).for_each(|_| self.out.push_str(INDENT));
    }

    fn new_line(&mut self, level: usize) {
        self.out.push('\n');
        self.indent(level);
    }

    /// Writes a node on a line of its own, indented by its level; level 0 means that the line has begun.
    fn node(&mut self, expr: &Expr, level: usize) {
        self.indent(level);
        self.rest(expr, level);
    }

    /// Writes a node on a line that is indented already.
    fn rest(&mut self, expr: &Expr, level: usize) {
        if let ExprKind::Unary(unary) = &expr.kind {
            self.out.push(if unary.negative { '-' } else { '+' });
            return self.rest(&unary.expr, level);
        }
        let text = expr.to_string();
        if text.len() <= self.line {
            self.out.push_str(&text);
            return;
        }
        match &expr.kind {
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate, level),
            ExprKind::Binary(binary) => self.binary(binary, level),
            ExprKind::Call(call) => {
                self.out.push_str(call.function.name);
                self.inside(&call.args, level);
            }
            ExprKind::Paren(inner) => self.inside(std::slice::from_ref(&**inner), level),
            ExprKind::Subquery(subquery) => {
                self.rest(&subquery.expr, level);
                self.write(Range(subquery));
            }
            _ => self.out.push_str(&text),
        }
    }

    /// Writes arguments in parentheses, one a line.
    fn inside(&mut self, args: &[Expr], level: usize) {
        self.out.push('(');
        for (i, arg) in args.iter().enumerate() {
            self.out.push_str(if i > 0 { ",\n" } else { "\n" });
            self.node(arg, level + 1);
        }
        self.new_line(level);
        self.out.push(')');
    }

    fn aggregate(&mut self, aggregate: &Aggregate, level: usize) {
        self.write(Operator::Aggregate(aggregate));
        self.out.push('(');
        for arg in aggregate.param.iter().chain(std::iter::once(&aggregate.expr)) {
            self.out
                .push_str(if self.out.ends_with('(') { "\n" } else { ",\n" });
            self.node(arg, level + 1);
        }
        self.new_line(level);
        self.out.push(')');
    }

    fn binary(&mut self, binary: &Binary, level: usize) {
        // The line is indented for the operator; its sides are one level deeper, but for what follows a sign.
        if !self.out.ends_with(['-', '+']) {
            self.out.push_str(INDENT);
        }
        if is_power_of_infinity(binary) {
            self.out.push_str("Inf");
        } else {
            self.rest(&binary.left, level + 1);
        }
        self.new_line(level);
        self.write(Operator::Binary(binary));
        self.out.push('\n');
        self.node(&binary.right, level + 1);
    }

    fn write(&mut self, part: impl std::fmt::Display) {
        // Writing to a string does not fail.
        write!(self.out, "{part}").unwrap_or_default();
    }
}
