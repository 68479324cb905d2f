//! Runs collectors on a node under a budget.
