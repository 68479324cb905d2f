// From answers to lines: names, order, colours, the ten that get a name, and their statistics.
import type { Labels, Matrix } from '../api/prometheus';
import { seriesKey } from '../api/prometheus';

export const NAMED_LINES = 10;

export interface PlotQuery {
  expr: string;
  /** The name of a line: `{{device}} read` takes the label; without it the labels are the name. */
  legend?: string;
  /** A limit, total or capacity: drawn dashed, in grey, never stacked. */
  limit?: boolean;
}

export interface Line {
  name: string;
  labels: Labels;
  values: Array<number | null>;
  /** Index into the palette; null is the grey of limits and of "other". */
  color: number | null;
  limit: boolean;
  /** Beyond the ten that have a name. */
  other: boolean;
}

export interface Drawing {
  startMs: number;
  endMs: number;
  stepMs: number;
  /** Labels that all lines without a legend of their own share, as text; their names leave them out. */
  common: string;
  lines: Line[];
}

export interface LineStats {
  min: number | null;
  mean: number | null;
  max: number | null;
  last: number | null;
}

// The same name has the same colour on every page; these are met so often that they are fixed.
const FIXED: Record<string, number> = {
  user: 0,
  system: 1,
  iowait: 7,
  softirq: 4,
  irq: 3,
  nice: 2,
  steal: 9,
  used: 0,
  cache: 2,
  buffers: 6,
  free: 5,
  available: 2,
  swap: 3,
  read: 0,
  write: 1,
  received: 0,
  sent: 1,
  CPU: 0,
  memory: 3,
  'I/O': 1,
  average: 0,
  highest: 1,
  lowest: 2,
};

function hash(text: string): number {
  let value = 2166136261;
  for (let idx = 0; idx < text.length; idx += 1) {
    value = Math.imul(value ^ text.charCodeAt(idx), 16777619);
  }
  return value >>> 0;
}

/** Colours for the lines of one chart: by name, moved on only when two names meet in one chart. */
export function colorsFor(names: readonly string[]): number[] {
  const taken = new Set<number>();
  return names.map((name) => {
    let color = FIXED[name] ?? hash(name) % NAMED_LINES;
    while (taken.has(color) && taken.size < NAMED_LINES) color = (color + 1) % NAMED_LINES;
    taken.add(color);
    return color;
  });
}

export function lineName(template: string | undefined, labels: Labels): string {
  if (template === undefined) return seriesKey(labels);
  const filled = (valueOf: (label: string) => string): string =>
    template.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => valueOf(label)).trim();
  // A line without a name could be neither read nor pressed: it says which label is empty.
  return filled((label) => labels[label] ?? '') || filled((label) => `${label}=""`);
}

/** The labels that all of several series have with the same value. */
export function commonLabels(all: readonly Labels[]): Labels {
  const [first, ...rest] = all;
  if (first === undefined || rest.length === 0) return {};
  return Object.fromEntries(
    Object.entries(first).filter(
      ([name, value]) => name !== '__name__' && rest.every((labels) => labels[name] === value),
    ),
  );
}

function without(labels: Labels, left: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !(name in left)));
}

export function statsOf(values: ReadonlyArray<number | null>): LineStats {
  let min: number | null = null;
  let max: number | null = null;
  let last: number | null = null;
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (value === null) continue;
    if (min === null || value < min) min = value;
    if (max === null || value > max) max = value;
    last = value;
    sum += value;
    count += 1;
  }
  return { min, max, last, mean: count > 0 ? sum / count : null };
}

function sumOf(lines: readonly Line[], name: string): Line {
  const length = lines[0]?.values.length ?? 0;
  const values = Array.from({ length }, (_, idx) => {
    let sum: number | null = null;
    for (const line of lines) {
      const value = line.values[idx];
      if (value !== null && value !== undefined) sum = (sum ?? 0) + value;
    }
    return sum;
  });
  return { name, labels: {}, values, color: null, limit: false, other: true };
}

export interface DrawingOptions {
  queries: readonly PlotQuery[];
  stacked: boolean;
  /** Keep the order of the queries instead of largest first. */
  keepOrder: boolean;
  otherName: (count: number) => string;
}

/** The lines of a chart, or null while there is no answer at all. */
export function drawingOf(
  matrices: ReadonlyArray<Matrix | undefined>,
  options: DrawingOptions,
): Drawing | null {
  const grid = matrices.find((matrix) => matrix !== undefined);
  if (grid === undefined) return null;
  const plain = matrices.flatMap((matrix, idx) =>
    options.queries[idx]?.legend === undefined ? (matrix?.series.map((series) => series.labels) ?? []) : [],
  );
  const shared = commonLabels(plain);
  const lines: Line[] = [];
  const limits: Line[] = [];
  matrices.forEach((matrix, idx) => {
    const query = options.queries[idx];
    // An answer to an older question stands on another grid: it waits for its turn.
    if (matrix === undefined || query === undefined || matrix.stepMs !== grid.stepMs) return;
    const shift = Math.round((matrix.startMs - grid.startMs) / grid.stepMs);
    const length = Math.round((grid.endMs - grid.startMs) / grid.stepMs) + 1;
    for (const { labels, values } of matrix.series) {
      const placed =
        shift === 0 && values.length === length
          ? values
          : Array.from({ length }, (_, place) => values[place - shift] ?? null);
      (query.limit ? limits : lines).push({
        name: lineName(query.legend, query.legend === undefined ? without(labels, shared) : labels),
        labels,
        values: placed,
        color: null,
        limit: query.limit === true,
        other: false,
      });
    }
  });
  if (!options.keepOrder) {
    const weight = new Map(
      lines.map((line) => [line, statsOf(line.values).mean ?? Number.NEGATIVE_INFINITY]),
    );
    lines.sort((a, b) => (weight.get(b) ?? 0) - (weight.get(a) ?? 0) || a.name.localeCompare(b.name));
  }
  const named = lines.slice(0, NAMED_LINES);
  const colors = colorsFor(named.map((line) => line.name));
  named.forEach((line, idx) => {
    line.color = colors[idx] ?? 0;
  });
  let rest = lines.slice(NAMED_LINES);
  for (const line of rest) line.other = true;
  if (options.stacked && rest.length > 1) rest = [sumOf(rest, options.otherName(rest.length))];
  const { startMs, endMs, stepMs } = grid;
  const common = Object.keys(shared).length === 0 ? '' : seriesKey(shared).slice(1, -1);
  return { startMs, endMs, stepMs, common, lines: [...named, ...rest, ...limits] };
}

/** The instants of a drawing in seconds, as the plot wants them. */
export function instantsOf(drawing: Drawing): number[] {
  const length = Math.round((drawing.endMs - drawing.startMs) / drawing.stepMs) + 1;
  return Array.from({ length }, (_, idx) => (drawing.startMs + idx * drawing.stepMs) / 1000);
}

/** Heights of stacked lines: each stands on those before it; limits stay where they are. */
export function stackedValues(lines: readonly Line[]): Array<Array<number | null>> {
  const length = lines[0]?.values.length ?? 0;
  const base = new Array<number>(length).fill(0);
  return lines.map((line) => {
    if (line.limit) return line.values;
    return line.values.map((value, idx) => {
      if (value === null) return null;
      const top = (base[idx] ?? 0) + value;
      base[idx] = top;
      return top;
    });
  });
}

/** The drawing as CSV: one row per instant, one column per line, exact values. */
export function csvOf(drawing: Drawing): string {
  const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = [['time', ...drawing.lines.map((line) => line.name)].map(cell).join(',')];
  instantsOf(drawing).forEach((seconds, idx) => {
    const time = new Date(seconds * 1000).toISOString();
    rows.push([time, ...drawing.lines.map((line) => String(line.values[idx] ?? ''))].join(','));
  });
  return `${rows.join('\n')}\n`;
}
