// The Prometheus HTTP API v1: instant and range queries, label values and metadata.
import { type Grid, gridOf, type RangeSpec } from '../time/range';
import { askQuery } from './batch';
import { getData } from './client';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  labels: Labels;
  /** Null for NaN: a missing number; of a native histogram its average. */
  value: number | null;
  histogram?: HistogramSummary | undefined;
}

/** A native histogram in two numbers. */
export interface HistogramSummary {
  count: number;
  sum: number;
}

export interface Series {
  labels: Labels;
  /** One place per step of the grid; null is a gap. */
  values: Array<number | null>;
}

export interface Matrix extends Grid {
  series: Series[];
  /** The series are buckets of native histograms, all of the answer added up, named by `ge` and `le`. */
  buckets?: boolean | undefined;
}

/** Bounds of a bucket with what fell into it; the first number says which bounds belong to it. */
type RawBucket = [number, string, string, string];

interface RawHistogram {
  count: string;
  sum: string;
  buckets?: RawBucket[];
}

interface RawSeries {
  metric: Record<string, string>;
  values?: Array<[number, string]>;
  value?: [number, string];
  histograms?: Array<[number, RawHistogram]>;
  histogram?: [number, RawHistogram];
}

interface RawResult {
  resultType: 'vector' | 'matrix' | 'scalar' | 'string';
  result: RawSeries[] | [number, string];
}

/** The text of a sample as a number; NaN becomes null. */
export function parseNumber(text: string): number | null {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  const value = Number(text);
  return Number.isNaN(value) ? null : value;
}

/** A series as PromQL writes it, with its labels in order: the identity of a line. */
export function seriesKey(labels: Labels): string {
  const pairs = Object.keys(labels)
    .filter((name) => name !== '__name__')
    .sort()
    .map((name) => `${name}="${labels[name]}"`);
  return `${labels['__name__'] ?? ''}${pairs.length > 0 ? `{${pairs.join(', ')}}` : ''}` || '{}';
}

/** One row a bucket, with the observations of all series in it: what a heat map shows. */
function bucketsOf(list: readonly RawSeries[], grid: Grid, length: number): Series[] {
  const rows = new Map<string, Series>();
  for (const { histograms } of list) {
    for (const [seconds, { buckets }] of histograms ?? []) {
      const idx = Math.round((seconds * 1000 - grid.startMs) / grid.stepMs);
      if (idx < 0 || idx >= length) continue;
      for (const [, ge, le, count] of buckets ?? []) {
        const key = `${ge} ${le}`;
        let row = rows.get(key);
        if (row === undefined) {
          row = { labels: { ge, le }, values: new Array<number | null>(length).fill(null) };
          rows.set(key, row);
        }
        row.values[idx] = (row.values[idx] ?? 0) + (parseNumber(count) ?? 0);
      }
    }
  }
  return [...rows.values()];
}

/** Puts the samples of a range answer on the places of its grid. */
export function matrixOf(raw: RawResult, grid: Grid): Matrix {
  const length = Math.round((grid.endMs - grid.startMs) / grid.stepMs) + 1;
  const list = raw.resultType === 'matrix' ? (raw.result as RawSeries[]) : [];
  if (list.length > 0 && list.every((each) => each.histograms !== undefined && each.values === undefined)) {
    return { ...grid, series: bucketsOf(list, grid, length), buckets: true };
  }
  const series = list.map((each) => {
    const values = new Array<number | null>(length).fill(null);
    for (const [seconds, text] of each.values ?? []) {
      const idx = Math.round((seconds * 1000 - grid.startMs) / grid.stepMs);
      const value = parseNumber(text);
      if (idx >= 0 && idx < length) values[idx] = value !== null && Number.isFinite(value) ? value : null;
    }
    return { labels: each.metric, values };
  });
  return { ...grid, series };
}

/** Joins an older answer with newer steps of the same query and step, and cuts it to `grid`. */
export function mergeMatrix(older: Matrix, newer: Matrix, grid: Grid): Matrix {
  const length = Math.round((grid.endMs - grid.startMs) / grid.stepMs) + 1;
  const byKey = new Map<string, Series>();
  const copy = (from: Matrix): void => {
    const shift = Math.round((from.startMs - grid.startMs) / grid.stepMs);
    for (const { labels, values } of from.series) {
      const key = seriesKey(labels);
      let target = byKey.get(key);
      if (target === undefined) {
        target = { labels, values: new Array<number | null>(length).fill(null) };
        byKey.set(key, target);
      }
      for (let idx = Math.max(0, -shift); idx < values.length && idx + shift < length; idx += 1) {
        target.values[idx + shift] = values[idx] ?? null;
      }
    }
  };
  copy(older);
  // The newer answer rules where both speak, also where it says nothing.
  const first = Math.max(0, Math.round((newer.startMs - grid.startMs) / grid.stepMs));
  for (const series of byKey.values()) series.values.fill(null, first);
  copy(newer);
  const alive = [...byKey.values()].filter((series) => series.values.some((value) => value !== null));
  return { ...grid, series: alive, buckets: newer.buckets ?? older.buckets };
}

async function fetchGrid(expr: string, grid: Grid, signal: AbortSignal | null): Promise<Matrix> {
  const data = await askQuery(
    {
      query: expr,
      start: String(grid.startMs / 1000),
      end: String(grid.endMs / 1000),
      step: String(grid.stepMs / 1000),
    },
    signal,
  );
  return matrixOf(data as RawResult, grid);
}

/** A range query that keeps the points of `previous` and asks only for the steps that are new. */
export async function queryRange(
  expr: string,
  spec: RangeSpec,
  options: { nowMs: number; previous: Matrix | undefined; signal: AbortSignal | null },
): Promise<Matrix> {
  const { nowMs, previous, signal } = options;
  const grid = gridOf(spec, nowMs);
  const usable =
    spec.live &&
    previous !== undefined &&
    previous.stepMs === grid.stepMs &&
    previous.endMs > grid.startMs &&
    previous.startMs <= grid.startMs;
  if (!usable) return fetchGrid(expr, grid, signal);
  if (grid.endMs <= previous.endMs) return previous;
  // The last known step is asked again: it may have been drawn before its samples were all there.
  const newer = await fetchGrid(expr, { ...grid, startMs: Math.max(grid.startMs, previous.endMs) }, signal);
  return mergeMatrix(previous, newer, grid);
}

/** An instant query; a scalar comes back as one sample without labels. */
export async function queryInstant(
  expr: string,
  atMs: number | null,
  signal: AbortSignal | null,
): Promise<Sample[]> {
  const params: Record<string, string> = { query: expr };
  if (atMs !== null) params.time = String(atMs / 1000);
  const raw = (await askQuery(params, signal)) as RawResult;
  if (raw.resultType === 'scalar') {
    return [{ labels: {}, value: parseNumber((raw.result as [number, string])[1]) }];
  }
  if (raw.resultType !== 'vector') return [];
  return (raw.result as RawSeries[]).map(({ metric, value, histogram }) => {
    if (histogram === undefined) return { labels: metric, value: value ? parseNumber(value[1]) : null };
    const count = parseNumber(histogram[1].count) ?? 0;
    const sum = parseNumber(histogram[1].sum) ?? 0;
    return { labels: metric, value: count === 0 ? null : sum / count, histogram: { count, sum } };
  });
}

/** Names of all metrics with samples. */
export async function metricNames(signal: AbortSignal | null): Promise<string[]> {
  return (await getData('/api/v1/label/__name__/values', {}, signal)) as string[];
}

/** Text that may stand between the quotes of a PromQL matcher. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
