// What Periplus says about itself: collectors, store, own use.
import { getData } from './client';

export type CollectorState = 'ok' | 'failing' | 'timed_out' | 'unavailable' | 'disabled' | 'starting';

export interface Collector {
  name: string;
  job: string;
  state: CollectorState;
  message: string | null;
  /** What can be done about the message. */
  hint?: string | null;
  /** The files it reads. */
  source?: string | null;
  intervalMs: number;
  lastRun: number | null;
  lastSuccess: number | null;
  lastDurationMs: number | null;
  cpuMsTotal: number;
  cpuMsLast: number | null;
  runs: number;
  errors: number;
  timeouts: number;
  series: number;
  seriesDropped: number;
}

export interface Degradation {
  what: string;
  why: string;
  hint: string | null;
  since: number | null;
}

export interface SystemStatus {
  version: string;
  startedAt: number;
  now: number;
  host: string;
  intervalMs: number;
  dataDir: string;
  collectors: Collector[];
  degraded: Degradation[];
  store: {
    headSeries: number;
    samples: number;
    walBytes: number;
    diskBytes: number;
    parts: number;
    oldest: number | null;
    newest: number | null;
    retentionMs: number;
    retentionBytes: number | null;
    degraded: string[];
    quarantined: string[];
  };
  process: { cpuSeconds: number; residentBytes: number; threads: number; openFds: number };
}

let offsetMs = 0;

/** The clock of the server: a phone with a wrong clock still shows the right window. */
export function serverNow(): number {
  return Date.now() + offsetMs;
}

/** Takes the time of the server from an answer that arrived just now. */
export function noteServerTime(serverMs: number): void {
  const measured = serverMs - Date.now();
  // Small differences are the way of the answer, not a wrong clock.
  offsetMs = Math.abs(measured) < 500 ? 0 : measured;
}

export async function systemStatus(signal: AbortSignal | null): Promise<SystemStatus> {
  const status = (await getData('/api/v1/status/system', {}, signal)) as SystemStatus;
  noteServerTime(status.now);
  return status;
}
