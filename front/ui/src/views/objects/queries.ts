// The queries about processes and containers that more than one view asks.
import type { Labels } from '../../api/prometheus';
import { quoted } from '../../api/prometheus';
import type { Rate } from '../../time/range';

export const PROCESS_LIST = 'process_memory_usage_bytes{pid!=""}';
// The root of all cgroups is the machine itself, which has its own page.
export const CONTAINER_LIST = 'container_memory_working_set_bytes{id!="/"}';

const PROCESS_KEYS = 'pid, comm, user, unit';
const CONTAINER_KEYS = 'id, name, image, container, pod, namespace';

/** Lists of processes: one series each, whatever further labels the source adds. */
export function processQueries({ call, window }: Rate, matchers = '') {
  const sum = (metric: string): string => `sum by (${PROCESS_KEYS}) (${metric}{${matchers}})`;
  const rate = (metric: string, more = ''): string => {
    const all = [matchers, more].filter((each) => each !== '').join(',');
    return `sum by (${PROCESS_KEYS}) (${call}(${metric}{${all}}[${window}]))`;
  };
  return {
    cpu: rate('process_cpu_time_seconds_total'),
    memory: sum('process_memory_usage_bytes'),
    read: rate('process_disk_io_bytes_total', 'direction="read"'),
    write: rate('process_disk_io_bytes_total', 'direction="write"'),
    files: sum('process_open_file_descriptor_count'),
    threads: sum('process_thread_count'),
    started: `max by (${PROCESS_KEYS}) (process_start_time_seconds{${matchers === '' ? 'pid!=""' : matchers}})`,
  };
}

/** Lists of containers and services. */
export function containerQueries({ call, window }: Rate, matchers = 'id!="/"') {
  const by = (inner: string): string => `sum by (${CONTAINER_KEYS}) (${inner})`;
  const rate = (metric: string): string => by(`${call}(${metric}{${matchers}}[${window}])`);
  return {
    cpu: rate('container_cpu_usage_seconds_total'),
    throttled: rate('container_cpu_cfs_throttled_seconds_total'),
    memory: by(`container_memory_working_set_bytes{${matchers}}`),
    limit: by(`container_spec_memory_limit_bytes{${matchers}} > 0`),
    pids: by(`container_processes{${matchers}}`),
    oom: by(`container_oom_events_total{${matchers}}`),
    network: `${rate('container_network_receive_bytes_total')} + ${rate('container_network_transmit_bytes_total')}`,
    disk: `${rate('container_fs_reads_bytes_total')} + ${rate('container_fs_writes_bytes_total')}`,
    restarts: by(`changes(container_start_time_seconds{${matchers}}[1h])`),
    started: by(`container_start_time_seconds{${matchers}}`),
  };
}

export type ProcessQueries = ReturnType<typeof processQueries>;
export type ContainerQueries = ReturnType<typeof containerQueries>;

/** What people call a container: its own name, the container of its pod, or the end of its path. */
export function containerName(labels: Labels): string {
  const { id = '', name = '', container = '', pod = '' } = labels;
  if (container !== '' && pod !== '') return `${pod}/${container}`;
  return name !== '' ? name : (id.split('/').filter(Boolean).at(-1) ?? id);
}

/** A container, in contrast to a service of the machine; not every runtime tells the image. */
export function isRealContainer(labels: Labels): boolean {
  const named = (labels.image ?? '') !== '' || (labels.container ?? '') !== '';
  return named || !(labels.id ?? '').endsWith('.service');
}

export function processSelector(pid: string): string {
  return `pid=${quoted(pid)}`;
}

export function containerSelector(id: string): string {
  return `id=${quoted(id)}`;
}
