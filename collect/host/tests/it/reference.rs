//! docs/collectors.md is made from the table, so that it stays true. `UPDATE_EXPECT=1` rewrites it.

use std::fmt::Write as _;

use expect_test::expect_file;
use host::table::{Default, ROWS, Row};

const INTRODUCTION: &str = "\
# Collectors

What `periplus up` and `periplus agent` read on a machine. Names, labels, types and units are those of node_exporter 1.12 (`job` label
`node-exporter`) and of cAdvisor (`cadvisor`), so that dashboards and rules made for them work unchanged. Processes
have the names of OpenTelemetry's process metrics as Prometheus writes them (`process`): the fifty that use most of
something, all others together under an empty `pid`. Command lines are never read: they hold secrets.
Containers also have their ids, pods and log files in
[`periplus_container_info`](kubernetes.md#what-the-series-of-a-node-are-called).

A collector whose source a machine lacks is *unavailable*, looked for again every minute, and costs nothing else.
One that hangs, as on a dead network mount, never holds up the others: it keeps its thread to itself, is marked
*timed out* after ten seconds, and comes back by itself. The page's *System* view shows for each what it costs in
CPU, its series, errors and last success; `periplus_agent_collector_*` are the same as metrics.

`--enable NAME` and `--disable NAME` turn collectors on and off. *Most series* is a bound: what a source has beyond
it is dropped and counted.

| collector | reads | job | most series | runs |
|---|---|---|---:|---|
";

fn line(out: &mut String, row: &Row) {
    let runs = match row.default {
        Default::On => "always",
        Default::OptIn => "when enabled",
    };
    let Row {
        name,
        source,
        job,
        series_cap,
        ..
    } = row;
    writeln!(out, "| `{name}` | {source} | {job} | {series_cap} | {runs} |").unwrap();
}

#[test]
fn the_reference_lists_every_collector() {
    let mut text = INTRODUCTION.to_owned();
    ROWS.iter().for_each(|row| line(&mut text, row));
    expect_file!["../../../../docs/collectors.md"].assert_eq(&text);
}
