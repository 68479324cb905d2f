// Development only: answers the endpoints that a plain Prometheus lacks, so that `vite dev` and
// `vite preview` show the whole page. Never part of the built page.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connect, Plugin } from 'vite';

const INTERVAL_MS = 2000;
const STARTED_AT = Date.now() - 3_600_000;

function collector(name: string, job: string, over: Record<string, unknown> = {}) {
  return {
    name,
    job,
    state: 'ok',
    message: null,
    intervalMs: INTERVAL_MS,
    lastRun: Date.now() - 900,
    lastSuccess: Date.now() - 900,
    lastDurationMs: 0.21 + name.length * 0.13,
    cpuMsTotal: 40 + name.length * 61,
    cpuMsLast: 0.1 + name.length * 0.05,
    runs: 1800,
    errors: 0,
    timeouts: 0,
    series: name.length * 13,
    seriesDropped: 0,
    ...over,
  };
}

function systemStatus() {
  const now = Date.now();
  return {
    status: 'success',
    data: {
      version: '0.1.0',
      startedAt: STARTED_AT,
      now,
      host: 'vm',
      intervalMs: INTERVAL_MS,
      dataDir: '/var/lib/periplus',
      collectors: [
        collector('cpu', 'node-exporter'),
        collector('memory', 'node-exporter'),
        collector('disk', 'node-exporter'),
        collector('network', 'node-exporter'),
        collector('process', 'process', { series: 1210, seriesDropped: 44 }),
        collector('container', 'cadvisor', { series: 310 }),
        collector('hwmon', 'node-exporter', {
          state: 'unavailable',
          message: 'no /sys/class/hwmon on this machine',
          lastSuccess: null,
          series: 0,
        }),
        collector('nfs', 'node-exporter', {
          state: 'failing',
          message: 'failed to read /proc/net/rpc/nfs: permission denied',
          errors: 17,
          lastSuccess: now - 95_000,
        }),
      ],
      degraded: [
        {
          what: 'process I/O',
          why: '/proc/*/io of other users is not readable',
          hint: 'run as root, or grant CAP_SYS_PTRACE',
          since: STARTED_AT,
        },
      ],
      store: {
        headSeries: 2510,
        samples: 1_934_567,
        walBytes: 4_200_000,
        diskBytes: 18_200_000,
        parts: 3,
        oldest: STARTED_AT,
        newest: now - 700,
        retentionMs: 15 * 86_400_000,
        retentionBytes: null,
        degraded: [],
        quarantined: [],
      },
      process: { cpuSeconds: 21.2, residentBytes: 33_000_000, threads: 9, openFds: 40 },
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, next: Connect.NextFunction) {
  const path = (request.url ?? '').split('?')[0];
  const json = (body: unknown) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  };
  if (path === '/api/v1/status/system') return json(systemStatus());
  if (path === '/api/v1/session') return json({ status: 'success' });
  if (path === '/api/v1/promql/catalog') {
    const rate = {
      name: 'rate',
      signature: 'rate(v range-vector) instant-vector',
      doc: 'Per-second average rate of increase, resets accounted for.',
    };
    return json({ status: 'success', data: { functions: [rate], aggregations: [], keywords: [] } });
  }
  if (path === '/api/v1/live') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const send = () => response.write(`event: collected\ndata: {"t":${Date.now()}}\n\n`);
    send();
    const timer = setInterval(send, INTERVAL_MS);
    request.on('close', () => clearInterval(timer));
    return;
  }
  next();
}

/** The stand-in as a Vite plugin, for both the dev and the preview server. */
export function devApi(): Plugin {
  return {
    name: 'periplus-dev-api',
    configureServer: (server) => void server.middlewares.use(answer),
    configurePreviewServer: (server) => void server.middlewares.use(answer),
  };
}
