// Events of clusters: found one by one, and counted over time.
import { getData } from './client';

export interface ClusterEvent {
  time: string;
  type: string;
  reason: string;
  message: string;
  /** How often up to then, and since the observation before. */
  count: number;
  delta: number;
  cluster?: string;
  namespace: string;
  object: { kind: string; name: string };
  owner?: { kind: string; name: string } | null;
  node?: string;
  uid: string;
}

/** Which events; what is not given does not narrow. */
export interface EventQuestion {
  cluster?: string | undefined;
  text?: string | undefined;
  namespace?: string | undefined;
  kind?: string | undefined;
  object?: string | undefined;
  owner?: string | undefined;
  node?: string | undefined;
  type?: string | undefined;
  reason?: string | undefined;
  startMs?: number | undefined;
  endMs?: number | undefined;
}

export interface EventPage {
  events: ClusterEvent[];
  /** Where the next page begins; null after the last. */
  next: string | null;
}

export async function findEvents(
  { startMs, endMs, ...rest }: EventQuestion,
  limit: number,
  signal: AbortSignal | null,
): Promise<EventPage> {
  const params: Record<string, string> = { limit: String(limit) };
  for (const [name, value] of Object.entries(rest)) if (value) params[name] = value;
  if (startMs !== undefined) params.start = String(startMs / 1000);
  if (endMs !== undefined) params.end = String(endMs / 1000);
  return (await getData('/api/v1/events', params, signal)) as EventPage;
}

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
/** What stands for itself in a pattern of `ILIKE`. */
const literal = (value: string): string => value.replaceAll(/[\\%_]/g, (each) => `\\${each}`);

/** The conditions of a question as SQL, the same that `findEvents` asks for. */
export function conditionsOf(question: EventQuestion): string {
  const { startMs, endMs } = question;
  const all: string[] = [];
  if (startMs !== undefined) all.push(`time >= to_timestamp_millis(${Math.round(startMs)})`);
  if (endMs !== undefined) all.push(`time <= to_timestamp_millis(${Math.round(endMs)})`);
  const equal: ReadonlyArray<[string, string | undefined]> = [
    ['cluster', question.cluster],
    ['namespace', question.namespace],
    ['object_kind', question.kind],
    ['object_name', question.object],
    ['owner_name', question.owner],
    ['node', question.node],
    ['type', question.type],
    ['reason', question.reason],
  ];
  for (const [column, value] of equal) if (value) all.push(`${column} = ${text(value)}`);
  if (question.text) {
    const pattern = text(`%${literal(question.text)}%`);
    all.push(`(message ILIKE ${pattern} OR reason ILIKE ${pattern} OR object_name ILIKE ${pattern})`);
  }
  return all.length === 0 ? 'true' : all.join(' AND ');
}

/** Occurrences by type in each step of a window. */
export interface EventCounts {
  startMs: number;
  endMs: number;
  stepMs: number;
  types: Array<{ type: string; values: number[]; total: number }>;
}

export async function countEvents(
  question: EventQuestion & { startMs: number; endMs: number },
  stepMs: number,
  signal: AbortSignal | null,
): Promise<EventCounts> {
  const seconds = Math.max(1, Math.round(stepMs / 1000));
  const query =
    `SELECT date_bin(INTERVAL '${seconds} seconds', time) AS bucket, type, sum(delta) AS n FROM events ` +
    `WHERE ${conditionsOf(question)} GROUP BY 1, 2 ORDER BY 1`;
  const data = (await getData('/api/v1/sql', { query, format: 'json' }, signal)) as {
    rows: Array<[string, string, number]>;
  };
  return countsOf(data.rows, { startMs: question.startMs, endMs: question.endMs, stepMs: seconds * 1000 });
}

/** Puts counted rows on the places of a grid of whole steps. */
export function countsOf(
  rows: ReadonlyArray<readonly [string, string, number]>,
  window: { startMs: number; endMs: number; stepMs: number },
): EventCounts {
  const { stepMs } = window;
  const startMs = Math.floor(window.startMs / stepMs) * stepMs;
  const endMs = Math.floor(window.endMs / stepMs) * stepMs;
  const length = Math.round((endMs - startMs) / stepMs) + 1;
  const byType = new Map<string, number[]>();
  for (const [bucket, type, n] of rows) {
    const idx = Math.round((Date.parse(bucket) - startMs) / stepMs);
    if (idx < 0 || idx >= length) continue;
    let values = byType.get(type);
    if (values === undefined) {
      values = new Array<number>(length).fill(0);
      byType.set(type, values);
    }
    values[idx] = (values[idx] ?? 0) + n;
  }
  const types = [...byType].map(([type, values]) => ({
    type,
    values,
    total: values.reduce((sum, value) => sum + value, 0),
  }));
  // Warnings stand at the bottom of the stack, where their height can be read.
  types.sort((a, b) => Number(b.type === 'Warning') - Number(a.type === 'Warning'));
  return { startMs, endMs, stepMs, types };
}
