// The charts of the overview, in the order an engineer asks. One row here is one chart.
import type { PlotQuery } from '../../chart/drawing';
import type { PlotKind } from '../../chart/plot';
import type { Unit } from '../../format/units';
import type { MessageKey, Translate } from '../../i18n/translate';
import { DISKS, REAL_NETWORKS } from './facts';
import type { SectionId } from './state';

export interface PanelSpec {
  title: MessageKey;
  unit: Unit;
  kind?: PlotKind;
  softMax?: number;
  keepOrder?: boolean;
  /** Rows of the legend; panels side by side have the same. */
  rows?: number;
  /** Without this metric the machine does not report what the chart shows. */
  requires: string;
  queries: (t: Translate) => PlotQuery[];
}

export interface Section {
  id: SectionId;
  title: MessageKey;
  panels: readonly PanelSpec[];
}

/** A share of time; the extrapolation of `rate` may pass the whole by a little. */
const share = (metric: string): string => `clamp_max(rate(${metric}[$w]), 1)`;
const rate = (metric: string, matchers = ''): string =>
  `rate(${metric}${matchers === '' ? '' : `{${matchers}}`}[$w])`;
const disk = (metric: string): string => rate(`node_disk_${metric}_total`, DISKS);
const net = (metric: string): string => rate(`node_network_${metric}_total`, REAL_NETWORKS);
const CORES = 'count(count by (cpu) (node_cpu_seconds_total))';
const CACHES = 'node_memory_Buffers_bytes + node_memory_Cached_bytes + node_memory_SReclaimable_bytes';

export const SECTIONS: readonly Section[] = [
  {
    id: 'saturation',
    title: 'section.saturation',
    panels: [
      {
        title: 'panel.pressure',
        rows: 5,
        unit: 'ratio',
        softMax: 0.1,
        keepOrder: true,
        requires: 'node_pressure_cpu_waiting_seconds_total',
        queries: (t) => [
          { expr: share('node_pressure_cpu_waiting_seconds_total'), legend: t('line.cpuSome') },
          { expr: share('node_pressure_memory_waiting_seconds_total'), legend: t('line.memorySome') },
          { expr: share('node_pressure_memory_stalled_seconds_total'), legend: t('line.memoryFull') },
          { expr: share('node_pressure_io_waiting_seconds_total'), legend: t('line.ioSome') },
          { expr: share('node_pressure_io_stalled_seconds_total'), legend: t('line.ioFull') },
        ],
      },
      {
        title: 'panel.load',
        rows: 5,
        unit: 'number',
        softMax: 1,
        keepOrder: true,
        requires: 'node_load1',
        queries: (t) => [
          { expr: 'node_load1', legend: t('line.load1') },
          { expr: 'node_load5', legend: t('line.load5') },
          { expr: 'node_load15', legend: t('line.load15') },
          { expr: 'node_procs_blocked', legend: t('line.blocked') },
          { expr: CORES, legend: t('line.cores'), limit: true },
        ],
      },
    ],
  },
  {
    id: 'cpu',
    title: 'section.cpu',
    panels: [
      {
        title: 'panel.cpuModes',
        unit: 'ratio',
        kind: 'stacked',
        softMax: 0.2,
        requires: 'node_cpu_seconds_total',
        queries: () => [
          { expr: 'avg by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[$w]))', legend: '{{mode}}' },
        ],
      },
      {
        title: 'panel.cores',
        unit: 'ratio',
        kind: 'heat',
        softMax: 1,
        keepOrder: true,
        requires: 'node_cpu_seconds_total',
        queries: (t) => [
          {
            expr: '1 - sum by (cpu) (rate(node_cpu_seconds_total{mode=~"idle|iowait"}[$w]))',
            legend: `${t('line.core')} {{cpu}}`,
          },
        ],
      },
      {
        title: 'panel.runQueue',
        unit: 'number',
        softMax: 1,
        keepOrder: true,
        requires: 'node_procs_running',
        queries: (t) => [
          { expr: 'node_procs_running', legend: t('line.running') },
          { expr: CORES, legend: t('line.cores'), limit: true },
        ],
      },
      {
        title: 'panel.switches',
        unit: 'count/s',
        keepOrder: true,
        requires: 'node_context_switches_total',
        queries: (t) => [
          { expr: rate('node_context_switches_total'), legend: t('line.switches') },
          { expr: rate('node_intr_total'), legend: t('line.interrupts') },
          { expr: rate('node_forks_total'), legend: t('line.forks') },
        ],
      },
      {
        title: 'panel.frequency',
        unit: 'hertz',
        keepOrder: true,
        requires: 'node_cpu_scaling_frequency_hertz',
        queries: (t) => [
          { expr: 'max(node_cpu_scaling_frequency_hertz)', legend: t('line.highest') },
          { expr: 'avg(node_cpu_scaling_frequency_hertz)', legend: t('line.average') },
          { expr: 'min(node_cpu_scaling_frequency_hertz)', legend: t('line.lowest') },
        ],
      },
      {
        title: 'panel.throttles',
        unit: 'count/s',
        keepOrder: true,
        requires: 'node_cpu_core_throttles_total',
        queries: (t) => [
          { expr: `sum(${rate('node_cpu_core_throttles_total')})`, legend: t('line.coreThrottles') },
          { expr: `sum(${rate('node_cpu_package_throttles_total')})`, legend: t('line.packageThrottles') },
        ],
      },
    ],
  },
  {
    id: 'memory',
    title: 'section.memory',
    panels: [
      {
        title: 'panel.memoryUse',
        unit: 'bytes',
        kind: 'stacked',
        keepOrder: true,
        requires: 'node_memory_MemTotal_bytes',
        queries: (t) => [
          {
            expr: `node_memory_MemTotal_bytes - node_memory_MemFree_bytes - (${CACHES})`,
            legend: t('line.used'),
          },
          { expr: CACHES, legend: t('line.cache') },
          { expr: 'node_memory_MemFree_bytes', legend: t('line.free') },
          { expr: 'node_memory_MemTotal_bytes', legend: t('line.total'), limit: true },
        ],
      },
      {
        title: 'panel.available',
        unit: 'bytes',
        keepOrder: true,
        requires: 'node_memory_MemAvailable_bytes',
        queries: (t) => [
          { expr: 'node_memory_MemAvailable_bytes', legend: t('line.available') },
          { expr: 'node_memory_SwapTotal_bytes - node_memory_SwapFree_bytes', legend: t('line.swapUsed') },
          { expr: 'node_memory_Dirty_bytes + node_memory_Writeback_bytes', legend: t('line.dirty') },
          { expr: 'node_memory_Shmem_bytes', legend: t('line.shared') },
        ],
      },
      {
        title: 'panel.faults',
        unit: 'count/s',
        keepOrder: true,
        requires: 'node_vmstat_pgmajfault',
        queries: (t) => [
          { expr: rate('node_vmstat_pgmajfault'), legend: t('line.majorFaults') },
          { expr: rate('node_vmstat_pswpin'), legend: t('line.swapIn') },
          { expr: rate('node_vmstat_pswpout'), legend: t('line.swapOut') },
          { expr: rate('node_vmstat_oom_kill'), legend: t('line.oomKills') },
        ],
      },
      {
        title: 'panel.paging',
        unit: 'bytes/s',
        keepOrder: true,
        requires: 'node_vmstat_pgpgin',
        queries: (t) => [
          { expr: `${rate('node_vmstat_pgpgin')} * 1024`, legend: t('line.pagedIn') },
          { expr: `${rate('node_vmstat_pgpgout')} * 1024`, legend: t('line.pagedOut') },
        ],
      },
    ],
  },
  {
    id: 'disk',
    title: 'section.disk',
    panels: [
      {
        title: 'panel.diskUse',
        unit: 'ratio',
        softMax: 0.1,
        requires: 'node_disk_io_time_seconds_total',
        queries: () => [{ expr: disk('io_time_seconds'), legend: '{{device}}' }],
      },
      {
        title: 'panel.latency',
        unit: 'seconds',
        softMax: 0.001,
        requires: 'node_disk_read_time_seconds_total',
        queries: (t) => [
          {
            expr: `${disk('read_time_seconds')} / (${disk('reads_completed')} > 0)`,
            legend: `{{device}} ${t('line.read')}`,
          },
          {
            expr: `${disk('write_time_seconds')} / (${disk('writes_completed')} > 0)`,
            legend: `{{device}} ${t('line.write')}`,
          },
        ],
      },
      {
        title: 'panel.diskBytes',
        unit: 'bytes/s',
        requires: 'node_disk_read_bytes_total',
        queries: (t) => [
          { expr: disk('read_bytes'), legend: `{{device}} ${t('line.read')}` },
          { expr: disk('written_bytes'), legend: `{{device}} ${t('line.write')}` },
        ],
      },
      {
        title: 'panel.iops',
        unit: 'count/s',
        requires: 'node_disk_reads_completed_total',
        queries: (t) => [
          { expr: disk('reads_completed'), legend: `{{device}} ${t('line.read')}` },
          { expr: disk('writes_completed'), legend: `{{device}} ${t('line.write')}` },
        ],
      },
    ],
  },
  {
    id: 'network',
    title: 'section.network',
    panels: [
      {
        title: 'panel.networkBytes',
        unit: 'bytes/s',
        requires: 'node_network_receive_bytes_total',
        queries: (t) => [
          { expr: net('receive_bytes'), legend: `{{device}} ${t('line.received')}` },
          { expr: net('transmit_bytes'), legend: `{{device}} ${t('line.sent')}` },
        ],
      },
      {
        title: 'panel.networkErrors',
        unit: 'count/s',
        softMax: 1,
        requires: 'node_network_receive_errs_total',
        queries: (t) => [
          { expr: `${net('receive_errs')} > 0`, legend: `{{device}} ${t('line.receiveErrors')}` },
          { expr: `${net('transmit_errs')} > 0`, legend: `{{device}} ${t('line.sendErrors')}` },
          { expr: `sum(${net('receive_drop')})`, legend: t('line.receiveDrops') },
          { expr: `sum(${net('transmit_drop')})`, legend: t('line.sendDrops') },
        ],
      },
      {
        title: 'panel.retransmits',
        unit: 'count/s',
        softMax: 1,
        keepOrder: true,
        requires: 'node_netstat_Tcp_RetransSegs',
        queries: (t) => [
          { expr: rate('node_netstat_Tcp_RetransSegs'), legend: t('line.retransmitted') },
          { expr: rate('node_netstat_TcpExt_TCPTimeouts'), legend: t('line.timeouts') },
          { expr: rate('node_netstat_TcpExt_ListenDrops'), legend: t('line.listenDrops') },
          { expr: rate('node_netstat_Tcp_OutRsts'), legend: t('line.resets') },
        ],
      },
      {
        title: 'panel.sockets',
        unit: 'count',
        keepOrder: true,
        requires: 'node_sockstat_TCP_inuse',
        queries: (t) => [
          { expr: 'node_netstat_Tcp_CurrEstab', legend: t('line.established') },
          { expr: 'node_sockstat_TCP_tw', legend: t('line.timeWait') },
          { expr: 'node_sockstat_UDP_inuse', legend: 'UDP' },
          { expr: 'node_nf_conntrack_entries', legend: t('line.tracked') },
        ],
      },
    ],
  },
];
