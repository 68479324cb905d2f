//! Every endpoint with its parameters: one row each.

/// An endpoint.
pub(crate) struct Endpoint {
    /// Its pattern in the router.
    pub(crate) path: &'static str,
    /// Methods in lower case; a POST beside a GET takes the parameters as a form.
    pub(crate) methods: &'static [&'static str],
    pub(crate) summary: &'static str,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) answer: Answer,
}

pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Texts,
    Number,
    Flag,
    Time,
    Span,
}

#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// The envelope with `data`.
    Data,
    /// Something else with a media type of its own.
    Text(&'static str),
    /// Status 204.
    Nothing,
}

const GET: &[&str] = &["get"];
const POST: &[&str] = &["post"];
const BOTH: &[&str] = &["get", "post"];
const ORDER: &[&str] = &["post", "put"];
const LINES: Answer = Answer::Text("application/x-ndjson");
const EVENTS: Answer = Answer::Text("text/event-stream");
const PLAIN: Answer = Answer::Text("text/plain");

const fn may(name: &'static str, kind: Kind) -> Parameter {
    Parameter {
        name,
        kind,
        required: false,
    }
}

const fn must(name: &'static str, kind: Kind) -> Parameter {
    Parameter {
        name,
        kind,
        required: true,
    }
}

const fn endpoint(
    path: &'static str,
    methods: &'static [&'static str],
    (summary, answer): (&'static str, Answer),
    parameters: &'static [Parameter],
) -> Endpoint {
    Endpoint {
        path,
        methods,
        summary,
        parameters,
        answer,
    }
}

const CLUSTER: Parameter = must("cluster", Kind::Text);
const MATCH: Parameter = may("match[]", Kind::Texts);
const START: Parameter = may("start", Kind::Time);
const END: Parameter = may("end", Kind::Time);
const LIMIT: Parameter = may("limit", Kind::Number);
const QUERY: Parameter = must("query", Kind::Text);
const TIMEOUT: Parameter = may("timeout", Kind::Span);
const LOOKBACK: Parameter = may("lookback_delta", Kind::Span);
const STATS: Parameter = may("stats", Kind::Text);
const POOL: Parameter = must("scrapePool", Kind::Text);

/// What all searches take.
macro_rules! search {
    ($($more:expr),*) => {
        &[
            $($more,)*
            MATCH, START, END, LIMIT,
            may("search[]", Kind::Texts),
            may("fuzz_threshold", Kind::Number),
            may("fuzz_alg", Kind::Text),
            may("case_sensitive", Kind::Flag),
            may("sort_by", Kind::Text),
            may("sort_dir", Kind::Text),
            may("include_score", Kind::Flag),
            may("batch_size", Kind::Number),
        ]
    };
}

/// Every endpoint but the page's files.
pub(crate) const ENDPOINTS: &[Endpoint] = &[
    endpoint(
        "/api/v1/query",
        BOTH,
        ("The value of an expression at one time.", Answer::Data),
        &[QUERY, may("time", Kind::Time), TIMEOUT, LIMIT, LOOKBACK, STATS],
    ),
    endpoint(
        "/api/v1/query_range",
        BOTH,
        ("The values of an expression at each step.", Answer::Data),
        &[
            QUERY,
            must("start", Kind::Time),
            must("end", Kind::Time),
            must("step", Kind::Span),
            TIMEOUT,
            LIMIT,
            LOOKBACK,
            STATS,
        ],
    ),
    endpoint(
        "/api/v1/query_batch",
        POST,
        ("Several queries in one request, as JSON.", Answer::Data),
        &[],
    ),
    endpoint(
        "/api/v1/query_exemplars",
        BOTH,
        ("Exemplars of the series of an expression.", Answer::Data),
        &[QUERY, START, END],
    ),
    endpoint(
        "/api/v1/format_query",
        BOTH,
        ("An expression as it is written well.", Answer::Data),
        &[QUERY],
    ),
    endpoint(
        "/api/v1/parse_query",
        BOTH,
        ("The tree of an expression.", Answer::Data),
        &[QUERY],
    ),
    endpoint(
        "/api/v1/promql/catalog",
        GET,
        (
            "Functions, aggregations and keywords of the language.",
            Answer::Data,
        ),
        &[],
    ),
    endpoint(
        "/api/v1/series",
        BOTH,
        ("The label sets that match.", Answer::Data),
        &[must("match[]", Kind::Texts), START, END, LIMIT],
    ),
    endpoint(
        "/api/v1/labels",
        BOTH,
        ("The names of labels.", Answer::Data),
        &[MATCH, START, END, LIMIT],
    ),
    endpoint(
        "/api/v1/label/{name}/values",
        GET,
        ("The values of a label.", Answer::Data),
        &[must("name", Kind::Text), MATCH, START, END, LIMIT],
    ),
    endpoint(
        "/api/v1/metadata",
        GET,
        ("What metric families say about themselves.", Answer::Data),
        &[
            may("metric", Kind::Text),
            LIMIT,
            may("limit_per_metric", Kind::Number),
        ],
    ),
    endpoint(
        "/api/v1/search/metric_names",
        BOTH,
        ("Metric names that answer what was typed.", LINES),
        search![may("include_metadata", Kind::Flag)],
    ),
    endpoint(
        "/api/v1/search/label_names",
        BOTH,
        ("Label names that answer what was typed.", LINES),
        search![],
    ),
    endpoint(
        "/api/v1/search/label_values",
        BOTH,
        ("Values of a label that answer what was typed.", LINES),
        search![must("label", Kind::Text)],
    ),
    endpoint(
        "/federate",
        GET,
        (
            "The newest sample of each series that matches, in an exposition format.",
            PLAIN,
        ),
        &[MATCH],
    ),
    endpoint(
        "/api/v1/rules",
        GET,
        ("Rules: none are configured here.", Answer::Data),
        &[
            may("type", Kind::Text),
            may("rule_name[]", Kind::Texts),
            may("rule_group[]", Kind::Texts),
            may("file[]", Kind::Texts),
            MATCH,
            may("exclude_alerts", Kind::Flag),
            may("group_limit", Kind::Number),
            may("group_next_token", Kind::Text),
        ],
    ),
    endpoint(
        "/api/v1/alerts",
        GET,
        ("Alerts: there are none.", Answer::Data),
        &[],
    ),
    endpoint(
        "/api/v1/alertmanagers",
        GET,
        ("Alertmanagers: none are configured here.", Answer::Data),
        &[],
    ),
    endpoint(
        "/api/v1/targets",
        GET,
        ("What is collected and scraped.", Answer::Data),
        &[may("state", Kind::Text), may("scrapePool", Kind::Text)],
    ),
    endpoint(
        "/api/v1/targets/metadata",
        GET,
        ("What targets say about their metrics.", Answer::Data),
        &[may("match_target", Kind::Text), may("metric", Kind::Text), LIMIT],
    ),
    endpoint(
        "/api/v1/targets/relabel_steps",
        GET,
        (
            "What each relabelling rule of a pool makes of labels.",
            Answer::Data,
        ),
        &[POOL, must("labels", Kind::Text)],
    ),
    endpoint(
        "/api/v1/scrape_pools",
        GET,
        ("The names of pools.", Answer::Data),
        &[],
    ),
    endpoint(
        "/api/v1/scrape_pools/config",
        GET,
        ("How a pool is scraped.", Answer::Data),
        &[POOL],
    ),
    endpoint(
        "/api/v1/status/buildinfo",
        GET,
        ("What this program is.", Answer::Data),
        &[],
    ),
    endpoint(
        "/api/v1/status/runtimeinfo",
        GET,
        ("How it runs.", Answer::Data),
        &[],
    ),
    endpoint(
        "/api/v1/status/flags",
        GET,
        ("How it was started.", Answer::Data),
        &[],
    ),
    endpoint(
        "/api/v1/status/config",
        GET,
        ("The configuration in force.", Answer::Data),
        &[],
    ),
    endpoint(
        "/api/v1/status/tsdb",
        GET,
        ("What takes up the head of the store.", Answer::Data),
        &[LIMIT],
    ),
    endpoint(
        "/api/v1/status/tsdb/blocks",
        GET,
        ("The parts of the store.", Answer::Data),
        &[],
    ),
    endpoint(
        "/api/v1/status/walreplay",
        GET,
        ("How far the log is read back.", Answer::Data),
        &[],
    ),
    endpoint(
        "/api/v1/status/self_metrics",
        GET,
        ("What this process counts of itself.", Answer::Data),
        &[may("metric_name_pattern", Kind::Text)],
    ),
    endpoint(
        "/api/v1/status/system",
        GET,
        (
            "Collectors, degradations, store and process in one answer.",
            Answer::Data,
        ),
        &[],
    ),
    endpoint(
        "/api/v1/cardinality",
        GET,
        (
            "Which metrics, labels and label pairs make the series.",
            Answer::Data,
        ),
        &[
            may("match[]", Kind::Texts),
            may("focusLabel", Kind::Text),
            may("topN", Kind::Number),
        ],
    ),
    endpoint(
        "/api/v1/features",
        GET,
        ("What this server can do.", Answer::Data),
        &[],
    ),
    endpoint(
        "/api/v1/notifications",
        GET,
        ("What is degraded.", Answer::Data),
        &[],
    ),
    endpoint(
        "/api/v1/notifications/live",
        GET,
        ("The same as events.", EVENTS),
        &[],
    ),
    endpoint(
        "/api/v1/live",
        GET,
        ("An event after each collection.", EVENTS),
        &[],
    ),
    endpoint(
        "/api/v1/openapi.yaml",
        GET,
        ("This description.", Answer::Text("application/yaml")),
        &[],
    ),
    endpoint(
        "/api/v1/sql",
        BOTH,
        ("An answer to a query in SQL over the tables.", Answer::Data),
        &[QUERY, may("format", Kind::Text)],
    ),
    endpoint(
        "/api/v1/sql/tables",
        GET,
        ("The tables with their columns, units and meanings.", Answer::Data),
        &[],
    ),
    endpoint(
        "/api/v1/events",
        BOTH,
        ("Events of clusters and machines, page by page.", Answer::Data),
        &[
            START,
            END,
            LIMIT,
            may("text", Kind::Text),
            may("cluster", Kind::Text),
            may("namespace", Kind::Text),
            may("kind", Kind::Text),
            may("object", Kind::Text),
            may("object_uid", Kind::Text),
            may("owner", Kind::Text),
            may("node", Kind::Text),
            may("type", Kind::Text),
            may("reason", Kind::Text),
            may("order", Kind::Text),
            may("after", Kind::Text),
        ],
    ),
    endpoint(
        "/api/v1/write",
        POST,
        ("Remote write 1.0 and 2.0.", Answer::Nothing),
        &[],
    ),
    endpoint(
        "/api/v1/otlp/v1/metrics",
        POST,
        (
            "OTLP metrics over HTTP, protobuf or JSON.",
            Answer::Text("application/x-protobuf"),
        ),
        &[],
    ),
    endpoint(
        "/api/v1/read",
        POST,
        ("Remote read.", Answer::Text("application/x-protobuf")),
        &[],
    ),
    endpoint(
        "/api/v1/kubernetes/clusters",
        GET,
        ("The clusters that are watched, and how they are.", Answer::Data),
        &[],
    ),
    endpoint(
        "/api/v1/kubernetes/{cluster}/nodes",
        GET,
        ("The nodes of a cluster.", Answer::Data),
        &[CLUSTER],
    ),
    endpoint(
        "/api/v1/kubernetes/{cluster}/workloads",
        GET,
        (
            "The workloads of a cluster, those that need attention first.",
            Answer::Data,
        ),
        &[
            CLUSTER,
            may("namespace", Kind::Text),
            may("kind", Kind::Text),
            may("q", Kind::Text),
            may("severity", Kind::Text),
            LIMIT,
            may("offset", Kind::Number),
        ],
    ),
    endpoint(
        "/api/v1/kubernetes/{cluster}/pods",
        GET,
        (
            "The pods of a cluster, those that need attention first.",
            Answer::Data,
        ),
        &[
            CLUSTER,
            may("namespace", Kind::Text),
            may("node", Kind::Text),
            may("workload", Kind::Text),
            may("q", Kind::Text),
            may("severity", Kind::Text),
            LIMIT,
            may("offset", Kind::Number),
        ],
    ),
    endpoint(
        "/api/v1/kubernetes/{cluster}/objects",
        GET,
        (
            "The objects of a kind, or all that is known about one of them.",
            Answer::Data,
        ),
        &[
            CLUSTER,
            must("kind", Kind::Text),
            may("namespace", Kind::Text),
            may("name", Kind::Text),
            may("q", Kind::Text),
            LIMIT,
            may("offset", Kind::Number),
        ],
    ),
    endpoint(
        "/api/v1/kubernetes/{cluster}/raw",
        GET,
        (
            "An object as the API server holds it now; of a secret without data.",
            Answer::Text("application/yaml"),
        ),
        &[
            CLUSTER,
            must("kind", Kind::Text),
            may("namespace", Kind::Text),
            must("name", Kind::Text),
            may("format", Kind::Text),
        ],
    ),
    endpoint(
        "/api/v1/kubernetes/{cluster}/search",
        GET,
        ("Objects by name, label, address or image.", Answer::Data),
        &[CLUSTER, must("q", Kind::Text), LIMIT],
    ),
    endpoint(
        "/api/v1/admin/tsdb/delete_series",
        ORDER,
        ("Deletes samples.", Answer::Nothing),
        &[must("match[]", Kind::Texts), START, END],
    ),
    endpoint(
        "/api/v1/admin/tsdb/clean_tombstones",
        ORDER,
        ("Frees the disk space of what was deleted.", Answer::Nothing),
        &[],
    ),
    endpoint(
        "/api/v1/admin/tsdb/snapshot",
        ORDER,
        ("Makes a copy of the store.", Answer::Data),
        &[may("skip_head", Kind::Flag)],
    ),
    endpoint(
        "/api/v1/session",
        &["post", "delete"],
        ("Signs in with a token, and out.", Answer::Data),
        &[],
    ),
    endpoint(
        "/metrics",
        GET,
        ("What this process counts of itself, for scrapers.", PLAIN),
        &[],
    ),
    endpoint("/-/healthy", GET, ("The process answers.", PLAIN), &[]),
    endpoint(
        "/-/ready",
        GET,
        ("The process answers from its store.", PLAIN),
        &[],
    ),
    endpoint("/-/reload", ORDER, ("Reads the configuration anew.", PLAIN), &[]),
    endpoint("/-/quit", ORDER, ("Stops the process.", PLAIN), &[]),
];
