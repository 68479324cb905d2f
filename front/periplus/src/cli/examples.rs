//! The examples under each help text.

pub(super) const PERIPLUS: &str = "\
Examples:
  periplus up                    collect this machine; the page is at http://127.0.0.1:8420
  periplus top                   watch it in the terminal
  periplus query 'node_load1'    ask in PromQL
  periplus sql                   list the tables of events; ask them in SQL
  periplus up --help             more of each command

Exit codes: 0 done, 1 failed, 2 wrong command line.";

pub(super) const UP: &str = "\
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
  docker run --pid host --net host -v /:/host:ro -v periplus:/data IMAGE up --root /host --data /data
      Looks at the machine from inside a container.";

pub(super) const SERVER: &str = "\
Examples:
  periplus server --role edge --kubeconfig admin.kubeconfig
      Watches a cluster and serves its page; this machine is not looked at.
  periplus server --role edge --config edge.yml
      Watches the clusters under periplus.clusters, scrapes and forwards as the file says.";

pub(super) const AGENT: &str = "\
Examples:
  periplus agent --to https://edge:8420 --token-file token --ca-file ca.crt
      Sends what this machine's collectors say; docs/kubernetes.md does it on every node of a cluster.
  periplus agent --to https://edge:8420 --token-file token --label cluster=shop-eu --hold 4GiB
      Names the cluster in every series, and lets 4 GiB wait while the edge is away.
  periplus agent --to http://127.0.0.1:9090/api/v1/write
      Sends to a Prometheus that takes remote write.";

pub(super) const QUERY: &str = "\
Examples:
  periplus query 'node_memory_MemAvailable_bytes'
      One value a series, with its unit.
  periplus query 'topk(5, rate(process_cpu_time_seconds_total[1m]))'
      The five processes that compute most.
  periplus query --last 6h 'sum by (mode) (rate(node_cpu_seconds_total{mode!=\"idle\"}[5m]))'
      A chart of six hours.
  periplus query --from '2026-11-22 14:00' --to '2026-11-22 15:00' --step 15s -o csv node_load1
      Exact values for a spreadsheet. Times without a zone are UTC.
  periplus query --at -1d 'node_filesystem_avail_bytes'
      How it was this time yesterday.
  PERIPLUS_TOKEN=pp_… periplus query --server https://node7:8420 --fingerprint 3A:…:9F up
      Another machine, trusted by its fingerprint.";

pub(super) const SQL: &str = "\
Examples:
  periplus sql
      The tables with their columns and what they mean.
  periplus sql 'SELECT reason, sum(delta) AS n FROM events GROUP BY reason ORDER BY n DESC'
      What happens most.
  periplus sql \"SELECT time, namespace, object_name, message FROM events
                WHERE type = 'Warning' AND time > now() - INTERVAL '1 hour' ORDER BY time DESC LIMIT 20\"
      The last warnings.
  periplus sql -o csv \"SELECT * FROM events WHERE owner_name = 'cart'\" > cart.csv
      Everything about one workload, for a spreadsheet.";

pub(super) const TOP: &str = "\
Keys:
  q quit   Tab processes/containers   c m d f t n sort by CPU, memory, disk, files, threads, name
  r reverse   / filter   ↑ ↓ PgUp PgDn scroll   Space pause   ? help

Examples:
  periplus top
      The machine whose `periplus up` runs here.
  periplus top --once | head -20
      One plain frame, for a ticket or a script.
  periplus top --server http://prometheus:9090 --instance node7:9100 --interval 15s
      A machine that Prometheus scrapes.";

pub(super) const VERSION: &str = "\
Examples:
  periplus version
  periplus version --output json";

pub(super) const COMPLETIONS: &str = "\
Examples:
  periplus completions bash > /etc/bash_completion.d/periplus
  periplus completions zsh > \"${fpath[1]}/_periplus\"
  periplus completions fish > ~/.config/fish/completions/periplus.fish";
