// Development only: exposes processes and cgroups of this machine under the names the page reads,
// so that the page can be worked on against a plain Prometheus when no Periplus binary is built.
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** Reads a file, or gives null: processes vanish while they are read. */
function readOrNull(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function sample(name, labels, value) {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}=${JSON.stringify(text)}`);
  return `${name}{${pairs.join(',')}} ${value}`;
}

function processLines(bootSeconds) {
  const lines = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = readOrNull(`/proc/${pid}/stat`);
    if (stat === null) continue;
    const comm = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const labels = { pid, comm, user: 'root', unit: pid % 3 === 0 ? 'api.service' : '' };
    const io = readOrNull(`/proc/${pid}/io`) ?? '';
    const ioField = (name) => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(io)?.[1] ?? 0);
    let openFiles = 0;
    try {
      openFiles = readdirSync(`/proc/${pid}/fd`).length;
    } catch {}
    lines.push(
      sample('process_cpu_time_seconds_total', { ...labels, mode: 'user' }, fields[11] / TICKS_PER_SECOND),
      sample('process_cpu_time_seconds_total', { ...labels, mode: 'system' }, fields[12] / TICKS_PER_SECOND),
      sample('process_memory_usage_bytes', labels, fields[21] * PAGE_BYTES),
      sample('process_memory_virtual_bytes', labels, fields[20]),
      sample('process_thread_count', labels, fields[17]),
      sample('process_open_file_descriptor_count', labels, openFiles),
      sample('process_start_time_seconds', labels, bootSeconds + fields[19] / TICKS_PER_SECOND),
      sample('process_disk_io_bytes_total', { ...labels, direction: 'read' }, ioField('read_bytes')),
      sample('process_disk_io_bytes_total', { ...labels, direction: 'write' }, ioField('write_bytes')),
    );
  }
  return lines;
}

/** Containers invented from a clock: shapes only, to see the tables and pages full. */
function containerLines(nowSeconds) {
  const lines = [];
  const units = ['ssh.service', 'cron.service', 'docker.service', 'api.service', 'systemd-journald.service'];
  const images = ['postgres:17', 'redis:8', 'nginx:1.29', 'grafana/loki:3.4'];
  const all = [
    ...units.map((name) => ({ id: `/system.slice/${name}`, name, image: '' })),
    ...images.map((image, idx) => ({
      id: `/system.slice/docker-${(idx + 11).toString(16).repeat(32)}.scope`,
      name: `shop-${image.split(/[:/]/)[0]}-1`,
      image,
    })),
  ];
  all.forEach((container, idx) => {
    const labels = { ...container, container: '', pod: '', namespace: '' };
    const busy = (idx + 1) * 0.03;
    const used = (idx + 1) * 60e6 + 2e7 * Math.sin(nowSeconds / 60 + idx);
    const push = (name, value, extra = {}) => lines.push(sample(name, { ...labels, ...extra }, value));
    push('container_cpu_usage_seconds_total', nowSeconds * busy + Math.sin(nowSeconds / 40) * busy * 20, {
      cpu: 'total',
    });
    push('container_memory_working_set_bytes', used);
    push('container_memory_rss', used * 0.7);
    push('container_memory_cache', used * 0.3);
    push('container_spec_memory_limit_bytes', container.image ? 512 * 2 ** 20 : 0);
    push('container_processes', idx + 2);
    push('container_threads', idx * 4 + 3);
    push('container_oom_events_total', idx === 6 ? 1 : 0);
    push('container_start_time_seconds', Math.floor(nowSeconds / 86400) * 86400);
    push('container_fs_reads_bytes_total', nowSeconds * 1000 * idx, { device: 'vda' });
    push('container_fs_writes_bytes_total', nowSeconds * 5000 * idx, { device: 'vda' });
    if (container.image) {
      push('container_network_receive_bytes_total', nowSeconds * 9000 * idx, { interface: 'eth0' });
      push('container_network_transmit_bytes_total', nowSeconds * 4000 * idx, { interface: 'eth0' });
      push('container_cpu_cfs_periods_total', nowSeconds * 10);
      push('container_cpu_cfs_throttled_periods_total', nowSeconds * (idx === 6 ? 2 : 0));
      push('container_cpu_cfs_throttled_seconds_total', nowSeconds * (idx === 6 ? 0.1 : 0));
    }
  });
  return lines;
}

const boot = Number(/btime (\d+)/.exec(readFileSync('/proc/stat', 'utf8'))[1]);
const [path, port] = [process.argv[2], Number(process.argv[3])];
if (!port) throw new Error('usage: exporter.mjs process|cadvisor PORT');
createServer((_, response) => {
  const lines = path === 'process' ? processLines(boot) : containerLines(Date.now() / 1000);
  response.setHeader('content-type', 'text/plain; version=0.0.4');
  response.end(`${lines.join('\n')}\n`);
}).listen(port, '127.0.0.1');
