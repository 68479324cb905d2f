// What is looked at in a control plane, under the names that its parts give their metrics.
import type { PlotQuery } from '../../../chart/drawing';
import type { PlotKind } from '../../../chart/plot';
import type { Unit } from '../../../format/units';
import type { MessageKey, Translate } from '../../../i18n/translate';

export interface ControlPlanePanel {
  title: MessageKey;
  unit: Unit;
  kind?: PlotKind;
  softMax?: number;
  rows?: number;
  /** It is never at rest: where nothing is drawn, too few scrapes are known. */
  busy?: true;
  /** The metric without which there is nothing to draw. */
  requires: string;
  queries: (t: Translate) => PlotQuery[];
}

export interface ControlPlaneSection {
  id: 'apiserver' | 'fairness' | 'etcd' | 'scheduler' | 'controllers';
  title: MessageKey;
  /** Why there may be nothing, and what would fill it. */
  empty: MessageKey;
  panels: ControlPlanePanel[];
}

const quantile = (share: number, by: string, metric: string, matchers = ''): string =>
  `histogram_quantile(${share}, sum by (${by}) (rate(${metric}_bucket{${matchers}}[$s])))`;

// Watches and execs last as long as somebody looks: they are no latency.
const SHORT = 'verb!~"WATCH|CONNECT|WATCHLIST",subresource!~"proxy|attach|log|exec|portforward"';

const apiserver: ControlPlanePanel[] = [
  {
    title: 'cp.latencyByVerb',
    unit: 'seconds',
    busy: true,
    requires: 'apiserver_request_duration_seconds_bucket',
    queries: () => [
      { expr: quantile(0.99, 'le, verb', 'apiserver_request_duration_seconds', SHORT), legend: '{{verb}}' },
    ],
  },
  {
    title: 'cp.latencyByResource',
    unit: 'seconds',
    busy: true,
    requires: 'apiserver_request_duration_seconds_bucket',
    queries: () => [
      {
        expr: `topk(8, ${quantile(0.99, 'le, resource', 'apiserver_request_duration_seconds', SHORT)})`,
        legend: '{{resource}}',
      },
    ],
  },
  {
    title: 'cp.requests',
    unit: 'count/s',
    busy: true,
    kind: 'stacked',
    requires: 'apiserver_request_total',
    queries: () => [{ expr: 'sum by (verb) (rate(apiserver_request_total[$s]))', legend: '{{verb}}' }],
  },
  {
    title: 'cp.errors',
    unit: 'count/s',
    softMax: 1,
    requires: 'apiserver_request_total',
    queries: () => [
      {
        // 404 and 409 are answers that controllers ask for.
        expr: 'topk(8, sum by (verb, resource, code) (rate(apiserver_request_total{code=~"5..|401|403|429"}[$s])) > 0)',
        legend: '{{code}} {{verb}} {{resource}}',
      },
    ],
  },
  {
    title: 'cp.watches',
    unit: 'count',
    requires: 'apiserver_longrunning_requests',
    queries: () => [
      {
        expr: 'topk(8, sum by (resource) (apiserver_longrunning_requests{verb=~"WATCH|WATCHLIST"}))',
        legend: '{{resource}}',
      },
    ],
  },
  {
    title: 'cp.inflight',
    unit: 'count',
    requires: 'apiserver_current_inflight_requests',
    queries: () => [
      {
        expr: 'sum by (request_kind) (apiserver_current_inflight_requests)',
        legend: '{{request_kind}}',
      },
    ],
  },
];

const fairness: ControlPlanePanel[] = [
  {
    title: 'cp.seats',
    unit: 'count',
    requires: 'apiserver_flowcontrol_current_executing_seats',
    queries: (t) => [
      {
        expr: 'sum by (priority_level) (apiserver_flowcontrol_current_executing_seats)',
        legend: '{{priority_level}}',
      },
      {
        expr: 'sum(apiserver_flowcontrol_nominal_limit_seats{priority_level!="exempt"})',
        legend: t('cp.seatsAll'),
        limit: true,
      },
    ],
  },
  {
    title: 'cp.queued',
    unit: 'count',
    softMax: 1,
    requires: 'apiserver_flowcontrol_current_inqueue_requests',
    queries: (t) => [
      {
        expr: 'sum by (priority_level) (apiserver_flowcontrol_current_inqueue_requests)',
        legend: '{{priority_level}}',
      },
      {
        expr: 'sum by (reason) (rate(apiserver_flowcontrol_rejected_requests_total[$s])) > 0',
        legend: `${t('cp.rejected')} {{reason}}`,
      },
    ],
  },
  {
    title: 'cp.waiting',
    unit: 'seconds',
    requires: 'apiserver_flowcontrol_request_wait_duration_seconds_bucket',
    queries: () => [
      {
        expr: quantile(0.99, 'le, priority_level', 'apiserver_flowcontrol_request_wait_duration_seconds'),
        legend: '{{priority_level}}',
      },
    ],
  },
];

const etcd: ControlPlanePanel[] = [
  {
    title: 'cp.databaseSize',
    unit: 'bytes',
    requires: 'etcd_mvcc_db_total_size_in_bytes',
    queries: (t) => [
      { expr: 'max by (instance) (etcd_mvcc_db_total_size_in_bytes)', legend: '{{instance}}' },
      { expr: 'max(etcd_mvcc_db_total_size_in_use_in_bytes)', legend: t('cp.inUse') },
      { expr: 'min(etcd_server_quota_backend_bytes)', legend: t('cp.quota'), limit: true },
    ],
  },
  {
    title: 'cp.fsync',
    unit: 'seconds',
    busy: true,
    requires: 'etcd_disk_wal_fsync_duration_seconds_bucket',
    queries: () => [
      { expr: quantile(0.99, 'le', 'etcd_disk_wal_fsync_duration_seconds'), legend: 'WAL fsync p99' },
      {
        expr: quantile(0.99, 'le', 'etcd_disk_backend_commit_duration_seconds'),
        legend: 'backend commit p99',
      },
    ],
  },
  {
    title: 'cp.peers',
    unit: 'seconds',
    requires: 'etcd_network_peer_round_trip_time_seconds_bucket',
    queries: () => [
      { expr: quantile(0.99, 'le, To', 'etcd_network_peer_round_trip_time_seconds'), legend: '{{To}} p99' },
    ],
  },
  {
    title: 'cp.leader',
    unit: 'count',
    softMax: 1,
    requires: 'etcd_server_leader_changes_seen_total',
    queries: (t) => [
      { expr: 'max(increase(etcd_server_leader_changes_seen_total[$s]))', legend: t('cp.leaderChanges') },
      { expr: 'max(etcd_server_proposals_pending)', legend: t('cp.proposalsPending') },
    ],
  },
];

const scheduler: ControlPlanePanel[] = [
  {
    title: 'cp.pendingPods',
    unit: 'count',
    requires: 'scheduler_pending_pods',
    queries: () => [{ expr: 'sum by (queue) (scheduler_pending_pods)', legend: '{{queue}}' }],
  },
  {
    title: 'cp.attempts',
    unit: 'count/s',
    requires: 'scheduler_schedule_attempts_total',
    queries: () => [
      { expr: 'sum by (result) (rate(scheduler_schedule_attempts_total[$s]))', legend: '{{result}}' },
    ],
  },
  {
    title: 'cp.attemptLatency',
    unit: 'seconds',
    requires: 'scheduler_scheduling_attempt_duration_seconds_bucket',
    queries: () => [
      {
        expr: quantile(0.99, 'le, result', 'scheduler_scheduling_attempt_duration_seconds'),
        legend: '{{result}} p99',
      },
    ],
  },
];

const QUEUES = 'job=~".*controller-manager.*"';
const controllers: ControlPlanePanel[] = [
  {
    title: 'cp.queueDepth',
    unit: 'count',
    softMax: 4,
    requires: 'workqueue_depth',
    queries: () => [{ expr: `topk(8, sum by (name) (workqueue_depth{${QUEUES}}) > 0)`, legend: '{{name}}' }],
  },
  {
    title: 'cp.queueAdds',
    unit: 'count/s',
    requires: 'workqueue_adds_total',
    queries: () => [
      { expr: `topk(8, sum by (name) (rate(workqueue_adds_total{${QUEUES}}[$s])) > 0)`, legend: '{{name}}' },
    ],
  },
  {
    title: 'cp.queueLatency',
    unit: 'seconds',
    requires: 'workqueue_queue_duration_seconds_bucket',
    queries: () => [
      {
        expr: `topk(8, ${quantile(0.99, 'le, name', 'workqueue_queue_duration_seconds', QUEUES)})`,
        legend: '{{name}}',
      },
    ],
  },
  {
    title: 'cp.retries',
    unit: 'count/s',
    softMax: 1,
    requires: 'workqueue_retries_total',
    queries: () => [
      {
        expr: `topk(8, sum by (name) (rate(workqueue_retries_total{${QUEUES}}[$s])) > 0)`,
        legend: '{{name}}',
      },
    ],
  },
];

export const CONTROL_PLANE: readonly ControlPlaneSection[] = [
  { id: 'apiserver', title: 'cp.apiserver', empty: 'cp.empty.apiserver', panels: apiserver },
  { id: 'fairness', title: 'cp.fairness', empty: 'cp.empty.apiserver', panels: fairness },
  { id: 'etcd', title: 'cp.etcd', empty: 'cp.empty.etcd', panels: etcd },
  { id: 'scheduler', title: 'cp.scheduler', empty: 'cp.empty.scheduler', panels: scheduler },
  { id: 'controllers', title: 'cp.controllers', empty: 'cp.empty.controllers', panels: controllers },
];

/** Narrows every selector of an expression to a cluster. */
export function withCluster(expr: string, matcher: string): string {
  const inBraces = expr.replaceAll(/\{([^{}]*)\}/g, (_, inner: string) =>
    inner === '' ? `{${matcher}}` : `{${inner},${matcher}}`,
  );
  return inBraces.replaceAll(
    /\b((?:apiserver|etcd|scheduler|workqueue)_\w+)(?!\w|\{)/g,
    (name) => `${name}{${matcher}}`,
  );
}
