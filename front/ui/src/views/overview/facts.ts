// The numbers the first sentence is made of: the queries, and how their answers become facts.
import type { Labels, Sample } from '../../api/prometheus';

const REAL_DISKS = 'device!~"loop.*|ram.*|zram.*|fd.*|sr.*"';
export const REAL_FILESYSTEMS = 'fstype!~"tmpfs|ramfs|devtmpfs|squashfs|iso9660|erofs|nsfs"';
export const REAL_NETWORKS = 'device!~"lo|veth.*|ifb.*"';
export const DISKS = REAL_DISKS;
/** Bytes per second of free space; only where ten minutes are known, because less is no trend. */
export const FILL_PACE = `(deriv(node_filesystem_avail_bytes{${REAL_FILESYSTEMS}}[30m]) and node_filesystem_avail_bytes{${REAL_FILESYSTEMS}} offset 10m)`;

/** One query per fact; rates over a minute, so that a single spike does not change the sentence. */
export const FACT_QUERIES = {
  cores: 'count(count by (cpu) (node_cpu_seconds_total))',
  cpuBusy:
    '1 - sum(rate(node_cpu_seconds_total{mode=~"idle|iowait"}[1m])) / sum(rate(node_cpu_seconds_total[1m]))',
  cpuSteal: 'avg(sum by (cpu) (rate(node_cpu_seconds_total{mode="steal"}[1m])))',
  load: 'node_load1',
  running: 'node_procs_running',
  memoryTotal: 'node_memory_MemTotal_bytes',
  memoryAvailable: 'node_memory_MemAvailable_bytes',
  swapTotal: 'node_memory_SwapTotal_bytes',
  swapFree: 'node_memory_SwapFree_bytes',
  cpuWaiting: 'rate(node_pressure_cpu_waiting_seconds_total[1m])',
  memoryWaiting: 'rate(node_pressure_memory_waiting_seconds_total[1m])',
  memoryStalled: 'rate(node_pressure_memory_stalled_seconds_total[1m])',
  ioWaiting: 'rate(node_pressure_io_waiting_seconds_total[1m])',
  ioStalled: 'rate(node_pressure_io_stalled_seconds_total[1m])',
  disk: `topk(1, rate(node_disk_io_time_seconds_total{${REAL_DISKS}}[1m]))`,
  filesystem: `topk(3, 1 - node_filesystem_avail_bytes{${REAL_FILESYSTEMS}} / (node_filesystem_size_bytes{${REAL_FILESYSTEMS}} > 0))`,
  timeToFull: `bottomk(1, node_filesystem_avail_bytes{${REAL_FILESYSTEMS}} / (-${FILL_PACE} > 0))`,
  networkReceived: `sum(rate(node_network_receive_bytes_total{${REAL_NETWORKS}}[1m]))`,
  networkSent: `sum(rate(node_network_transmit_bytes_total{${REAL_NETWORKS}}[1m]))`,
  networkErrors: `sum(rate(node_network_receive_errs_total{${REAL_NETWORKS}}[5m])) + sum(rate(node_network_transmit_errs_total{${REAL_NETWORKS}}[5m]))`,
  retransmitted: 'rate(node_netstat_Tcp_RetransSegs[1m])',
  segmentsSent: 'rate(node_netstat_Tcp_OutSegs[1m])',
  conntrack: 'node_nf_conntrack_entries / node_nf_conntrack_entries_limit',
  oomKills: 'increase(node_vmstat_oom_kill[15m])',
  down: 'up == 0',
  largest: 'topk(1, process_memory_usage_bytes{pid!=""})',
  busiest: 'topk(1, sum by (pid, comm) (rate(process_cpu_time_seconds_total{pid!=""}[1m])))',
} as const;

export type FactName = keyof typeof FACT_QUERIES;

/** A number with the labels of what it belongs to. */
export interface Fact {
  value: number;
  labels: Labels;
}

/** The known facts; a fact that no series tells is absent. */
export type Facts = Partial<Record<FactName, Fact[]>>;

export function factsOf(samples: Partial<Record<FactName, Sample[] | undefined>>): Facts {
  const facts: Facts = {};
  for (const name of Object.keys(samples) as FactName[]) {
    const known = (samples[name] ?? [])
      .filter((sample): sample is { labels: Labels; value: number } => sample.value !== null)
      .map(({ labels, value }) => ({ labels, value }));
    if (known.length > 0) facts[name] = known;
  }
  return facts;
}

/** The first value of a fact, or null. */
export function numberOf(facts: Facts, name: FactName): number | null {
  return facts[name]?.[0]?.value ?? null;
}
