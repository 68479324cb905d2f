use clap::{CommandFactory as _, Parser as _};
use expect_test::{Expect, expect};

use super::Cli;

fn help(command: &[&str], expected: &Expect) {
    let mut root = Cli::command().term_width(100);
    root.build();
    let mut found = &mut root;
    for name in command {
        found = found.find_subcommand_mut(name).unwrap();
    }
    expected.assert_eq(&found.render_help().to_string());
}

fn refused(line: &str, expected: &Expect) {
    let error = Cli::try_parse_from(line.split(' ')).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    let text = error.render().to_string();
    // The first paragraph is what is wrong; usage follows.
    expected.assert_eq(text.split("\n\n").next().unwrap());
}

#[test]
fn definitions_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn help_of_all() {
    help(
        &[],
        &expect![[r#"
            See what a machine does, from kernel to screen

            Usage: periplus [OPTIONS] <COMMAND>

            Commands:
              up           Collect this machine, keep the samples, answer queries and serve the page
              server       Run a part of it: watch clusters, scrape and forward without looking at this machine
              agent        Collect this machine and send the samples to a server: no page, nothing kept longer
                           than it must be
              query        Evaluate a PromQL expression and print the answer
              sql          Ask the tables of events in SQL; without a query, list them with their columns
              top          Watch a machine in the terminal
              version      Print the version
              completions  Print a completion script for a shell

            Options:
                  --log-format <FORMAT>  How log lines on standard error look: text or json. PERIPLUS_LOG
                                         chooses which there are: a level (debug) or levels by part
                                         (store=debug,agent=trace)
              -h, --help                 Print help
              -V, --version              Print version

            Examples:
              periplus up                    collect this machine; the page is at http://127.0.0.1:8420
              periplus top                   watch it in the terminal
              periplus query 'node_load1'    ask in PromQL
              periplus sql                   list the tables of events; ask them in SQL
              periplus up --help             more of each command

            Exit codes: 0 done, 1 failed, 2 wrong command line.
        "#]],
    );
}

#[test]
fn help_of_up() {
    help(
        &["up"],
        &expect![[r#"
            Collect this machine, keep the samples, answer queries and serve the page

            Usage: periplus up [OPTIONS]

            Options:
                  --listen <ADDR:PORT>           Address and port to listen on; port 0 takes a free one. Beyond
                                                 loopback the server speaks TLS and asks for a token, both made
                                                 at the first start [default: 127.0.0.1:8420]
                  --data <DIR>                   Folder for samples and identity [default: /var/lib/periplus as
                                                 root, else $XDG_DATA_HOME/periplus or ~/.local/share/periplus]
                  --interval <DURATION>          Time between two collections [default: 5s]
                  --retention <DURATION>         How long samples are kept [default: 15d]
                  --retention-size <SIZE>        How much disk samples may take; the oldest go first [default:
                                                 no limit]
                  --retention-events <DURATION>  How long events are kept [default: 90d]
                  --root <DIR>                   Where the machine's file tree is: /host in a container that has
                                                 it mounted there [default: /]
                  --instance <NAME>              Name of this machine, the label "instance" of its series
                                                 [default: its host name]
                  --enable <COLLECTOR>           Also run a collector that is off by default; may be repeated
                  --disable <COLLECTOR>          Do not run a collector; may be repeated
                  --config <FILE>                Scrape, forward and set bounds by this file, as Prometheus
                                                 writes it. SIGHUP reads it again
                  --kubeconfig <FILE>            Watch the Kubernetes cluster of this kubeconfig [default:
                                                 $KUBECONFIG, else the cluster of this pod]
                  --context <NAME>               Context of the kubeconfig [default: its current one]
                  --tls-cert <FILE>              Serve with this certificate chain (PEM) instead of a
                                                 self-signed one
                  --tls-key <FILE>               Private key of --tls-cert (PEM)
                  --rotate-token                 Make a new token in place of the old one and print it
                  --token-file <FILE>            Let in who shows the token in this file, instead of making one
                  --write-token-file <FILE>      Also take samples from who shows the token in this file, and
                                                 answer them nothing else
                  --enable-admin-api             Serve what deletes and copies samples: /api/v1/admin/tsdb
                  --enable-lifecycle             Take orders over HTTP: POST /-/reload and POST /-/quit
                  --cors-origin <PATTERN>        Let pages of other sites ask from a browser, if their whole
                                                 origin matches, as in https://.*\.example
                  --enable-feature <FEATURE>     Grant what Prometheus has behind the same flag, most of it
                                                 parts of PromQL; may be a list with commas [possible values:
                                                 promql-experimental-functions, promql-delayed-name-removal,
                                                 promql-binop-fill-modifiers, promql-unquoted-utf8-names,
                                                 use-start-timestamps, otlp-deltatocumulative,
                                                 otlp-native-delta-ingestion]
                  --log-format <FORMAT>          How log lines on standard error look: text or json.
                                                 PERIPLUS_LOG chooses which there are: a level (debug) or levels
                                                 by part (store=debug,agent=trace)
              -h, --help                         Print help

            Examples:
              periplus up
                  Collects every 5 s and keeps 15 days; Ctrl-C stops in order.
              periplus up --interval 1s --retention 30d --retention-size 10GiB
                  Looks closer, keeps longer, takes at most 10 GiB of disk.
              periplus up --listen 0.0.0.0:8420
                  Lets other machines in, over TLS and with a token; prints both once.
              periplus up --listen 0.0.0.0:8420 --tls-cert chain.pem --tls-key key.pem
                  The same with your own certificate.
              periplus up --config prometheus.yml
                  Scrapes what the file names too; `kill -HUP` reads it again.
              periplus up --enable interrupts --disable process
                  Chooses collectors; the page lists all of them with their cost.
              docker run --pid host --net host -v /:/host:ro -v periplus:/data IMAGE up --root /host --data
              /data
                  Looks at the machine from inside a container.
        "#]],
    );
}

#[test]
fn help_of_query() {
    help(
        &["query"],
        &expect![[r#"
        Evaluate a PromQL expression and print the answer

        Usage: periplus query [OPTIONS] <EXPR>

        Arguments:
          <EXPR>  The expression, in PromQL

        Options:
              --at <TIME>            Evaluate once, at this time [default: now]
              --from <TIME>          Evaluate over a range that begins here: 2026-11-22T14:02:00Z,
                                     "2026-11-22 14:02", -2h
              --to <TIME>            End of the range [default: now]
              --last <DURATION>      Evaluate over the last so much time
              --step <DURATION>      Time between two points of a range [default: what fits the terminal]
          -o, --output <FORM>        Form of the answer [default: table for one time, chart for a range]
                                     [possible values: table, json, chart, csv]
              --log-format <FORMAT>  How log lines on standard error look: text or json. PERIPLUS_LOG
                                     chooses which there are: a level (debug) or levels by part
                                     (store=debug,agent=trace)
          -h, --help                 Print help (see more with '--help')

        Server:
              --server <URL>          Server to ask: Periplus, Prometheus or anything that speaks its API
                                      [default: http://127.0.0.1:8420]
              --token <TOKEN>         Token of the server; better set PERIPLUS_TOKEN, which other users of
                                      the machine cannot see
              --ca-cert <FILE>        Trust servers whose certificate is in this file (PEM) or signed by one
                                      in it
              --fingerprint <SHA256>  Trust the server with this SHA-256 fingerprint, as `periplus up`
                                      printed it

        Examples:
          periplus query 'node_memory_MemAvailable_bytes'
              One value a series, with its unit.
          periplus query 'topk(5, rate(process_cpu_time_seconds_total[1m]))'
              The five processes that compute most.
          periplus query --last 6h 'sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[5m]))'
              A chart of six hours.
          periplus query --from '2026-11-22 14:00' --to '2026-11-22 15:00' --step 15s -o csv node_load1
              Exact values for a spreadsheet. Times without a zone are UTC.
          periplus query --at -1d 'node_filesystem_avail_bytes'
              How it was this time yesterday.
          PERIPLUS_TOKEN=pp_… periplus query --server https://node7:8420 --fingerprint 3A:…:9F up
              Another machine, trusted by its fingerprint.
    "#]],
    );
}

#[test]
fn help_of_top() {
    help(
        &["top"],
        &expect![[r#"
        Watch a machine in the terminal

        Usage: periplus top [OPTIONS]

        Options:
              --once                 Print one frame and end; also what happens when standard output is no
                                     terminal
              --interval <DURATION>  Time between two looks [default: 2s]
              --instance <NAME>      Machine to watch, where the server knows several [default: the first]
              --log-format <FORMAT>  How log lines on standard error look: text or json. PERIPLUS_LOG
                                     chooses which there are: a level (debug) or levels by part
                                     (store=debug,agent=trace)
          -h, --help                 Print help

        Server:
              --server <URL>          Server to ask: Periplus, Prometheus or anything that speaks its API
                                      [default: http://127.0.0.1:8420]
              --token <TOKEN>         Token of the server; better set PERIPLUS_TOKEN, which other users of
                                      the machine cannot see
              --ca-cert <FILE>        Trust servers whose certificate is in this file (PEM) or signed by one
                                      in it
              --fingerprint <SHA256>  Trust the server with this SHA-256 fingerprint, as `periplus up`
                                      printed it

        Keys:
          q quit   Tab processes/containers   c m d f t n sort by CPU, memory, disk, files, threads, name
          r reverse   / filter   ↑ ↓ PgUp PgDn scroll   Space pause   ? help

        Examples:
          periplus top
              The machine whose `periplus up` runs here.
          periplus top --once | head -20
              One plain frame, for a ticket or a script.
          periplus top --server http://prometheus:9090 --instance node7:9100 --interval 15s
              A machine that Prometheus scrapes.
    "#]],
    );
}

#[test]
fn help_of_version() {
    help(
        &["version"],
        &expect![[r#"
        Print the version

        Usage: periplus version [OPTIONS]

        Options:
          -o, --output <FORM>        Form of the answer [default: text] [possible values: text, json]
              --log-format <FORMAT>  How log lines on standard error look: text or json. PERIPLUS_LOG
                                     chooses which there are: a level (debug) or levels by part
                                     (store=debug,agent=trace)
          -h, --help                 Print help (see more with '--help')

        Examples:
          periplus version
          periplus version --output json
    "#]],
    );
}

#[test]
fn help_of_completions() {
    help(
        &["completions"],
        &expect![[r#"
        Print a completion script for a shell

        Usage: periplus completions [OPTIONS] <SHELL>

        Arguments:
          <SHELL>  The shell [possible values: bash, elvish, fish, powershell, zsh]

        Options:
              --log-format <FORMAT>  How log lines on standard error look: text or json. PERIPLUS_LOG
                                     chooses which there are: a level (debug) or levels by part
                                     (store=debug,agent=trace)
          -h, --help                 Print help

        Examples:
          periplus completions bash > /etc/bash_completion.d/periplus
          periplus completions zsh > "${fpath[1]}/_periplus"
          periplus completions fish > ~/.config/fish/completions/periplus.fish
    "#]],
    );
}

#[test]
fn mistakes_are_named() {
    refused(
        "periplus up --listen 8420",
        &expect![
            "error: invalid value '8420' for '--listen <ADDR:PORT>': expected an address and a port such as 127.0.0.1:8420, 0.0.0.0:8420 or [::]:8420"
        ],
    );
    refused(
        "periplus up --interval 1ms",
        &expect![
            "error: invalid value '1ms' for '--interval <DURATION>': expected a duration between 100ms and 1h"
        ],
    );
    refused(
        "periplus up --retention 15",
        &expect![
            "error: invalid value '15' for '--retention <DURATION>': expected a duration such as 500ms, 5s, 1h30m or 15d"
        ],
    );
    refused(
        "periplus up --retention-size lots",
        &expect![
            "error: invalid value 'lots' for '--retention-size <SIZE>': expected a size such as 500MiB, 10GiB or 1073741824"
        ],
    );
    refused(
        "periplus up --tls-cert a.pem",
        &expect![[r#"
        error: the following required arguments were not provided:
          --tls-key <FILE>"#]],
    );
    refused(
        "periplus query up --at now --last 1h",
        &expect!["error: the argument '--at <TIME>' cannot be used with '--last <DURATION>'"],
    );
    refused(
        "periplus query up --server ftp://x",
        &expect![
            "error: invalid value 'ftp://x' for '--server <URL>': expected an address such as http://127.0.0.1:8420 or https://node7.example:8420"
        ],
    );
    refused(
        "periplus query up --fingerprint 12:34",
        &expect![
            "error: invalid value '12:34' for '--fingerprint <SHA256>': expected the 64 hexadecimal digits of a SHA-256 fingerprint"
        ],
    );
    refused(
        "periplus query up --output xml",
        &expect![[r#"
        error: invalid value 'xml' for '--output <FORM>'
          [possible values: table, json, chart, csv]"#]],
    );
    refused("periplus pu", &expect!["error: unrecognized subcommand 'pu'"]);
}

#[test]
fn a_token_is_not_sent_in_the_open() {
    let parse = |server: &str| {
        let line = ["periplus", "query", "up", "--token", "pp_x", "--server", server];
        match Cli::try_parse_from(line).unwrap().command {
            super::Command::Query(args) => args.server.access(),
            other => panic!("{other:?}"),
        }
    };
    assert!(parse("http://127.0.0.1:8420").is_ok());
    assert!(parse("http://localhost:8420").is_ok());
    assert!(parse("http://[::1]:8420").is_ok());
    assert!(parse("https://node7:8420").is_ok());
    let failure = parse("http://node7:8420").unwrap_err();
    let text = failure.render(crate::screen::Paint::PLAIN);
    expect![[r"
        error: will not send a token to http://node7:8420 unencrypted
        hint: give the server's address with https://
    "]]
    .assert_eq(&text);
    assert!(!text.contains("pp_x"));
    assert!(!format!("{:?}", parse("http://127.0.0.1")).contains("pp_x"));
}
