// What part of time the page shows: a live window that ends now, or a fixed one. Lives in the URL.

export const PRESETS = ['5m', '15m', '1h', '6h', '24h', '7d'] as const;
export const DEFAULT_PRESET = '15m';

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const MIN_SPAN_MS = 10_000;
/** A live window this short holds a store that has just begun. */
const YOUNG_MS = 120_000;
const TARGET_POINTS = 240;
const STEPS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
];

/** The part of the URL that every page shares. */
export interface TimeSearch {
  range?: string | undefined;
  from?: number | undefined;
  to?: number | undefined;
  /** A pinned moment (ms): lists and figures show this moment instead of now. */
  at?: number | undefined;
  paused?: boolean | undefined;
}

export interface RangeSpec {
  live: boolean;
  spanMs: number;
  /** End of a fixed window; a live one ends at the latest whole step. */
  endMs: number | null;
  stepMs: number;
}

export interface Grid {
  startMs: number;
  endMs: number;
  stepMs: number;
}

/** Parses `90s`, `15m`, `1h30m`; null for anything else. */
export function parseSpan(text: string): number | null {
  const compact = text.trim();
  if (!/^(\d+[smhdw])+$/.test(compact)) return null;
  let total = 0;
  for (const [, count, unit] of compact.matchAll(/(\d+)([smhdw])/g)) {
    total += Number(count) * (UNIT_MS[unit ?? ''] ?? 0);
  }
  return total >= MIN_SPAN_MS ? total : null;
}

/** Writes a span as PromQL does: `15m`, `1h30m`. */
export function spanText(ms: number): string {
  let rest = Math.max(1, Math.round(ms / 1000));
  let text = '';
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

function positiveNumber(value: unknown): number | undefined {
  const number = typeof value === 'number' ? value : Number(value);
  return value !== undefined && value !== '' && Number.isFinite(number) && number > 0 ? number : undefined;
}

/** Reads the shared part of the URL; what is not understood is dropped, never an error. */
export function parseTimeSearch(search: Record<string, unknown>): TimeSearch {
  const from = positiveNumber(search.from);
  const to = positiveNumber(search.to);
  const fixed = from !== undefined && to !== undefined && to - from >= MIN_SPAN_MS / 2;
  const range =
    typeof search.range === 'string' && parseSpan(search.range) !== null ? search.range : undefined;
  return {
    range: range === DEFAULT_PRESET ? undefined : range,
    from: fixed ? from : undefined,
    to: fixed ? to : undefined,
    at: positiveNumber(search.at),
    paused: search.paused === '1' || search.paused === true ? true : undefined,
  };
}

/** The smallest round step that keeps a line under about 240 points and is no finer than the data. */
export function stepFor(spanMs: number, intervalMs: number): number {
  // The first minutes are shown by the second, so that a page opened at start has something to say.
  const finest = spanMs <= YOUNG_MS ? 1000 : intervalMs;
  const wanted = Math.max(finest, spanMs / TARGET_POINTS);
  return (
    (STEPS_S.find((step) => step * 1000 >= wanted - 1) ?? Math.ceil(wanted / 86_400_000) * 86_400) * 1000
  );
}

/** The time between two scrapes where a configuration does not say another. */
const SCRAPE_MS = 60_000;

/** The window of a `rate`: four intervals at least, one step at least. */
export function rateWindow(stepMs: number, intervalMs: number): string {
  return spanText(Math.max(4 * intervalMs, stepMs, 4000));
}

/** How counters become rates in a window. */
export interface Rate {
  call: 'rate' | 'irate';
  /** Such as `20s`. */
  window: string;
  /** The same for what is scraped, which comes more rarely than what is collected here. */
  scraped: string;
}

/**
 * The rate that suits a window. Where data are young, or finer than collections, the two latest samples are compared:
 * `rate` spreads what it saw over its whole window, so that the first seconds of a store would look idle.
 */
export function rateOf(spec: RangeSpec, intervalMs: number): Rate {
  const young = spec.spanMs <= YOUNG_MS || spec.stepMs < intervalMs;
  return {
    call: spec.live && young ? 'irate' : 'rate',
    window: rateWindow(spec.stepMs, intervalMs),
    scraped: rateWindow(spec.stepMs, Math.max(intervalMs, SCRAPE_MS)),
  };
}

/**
 * Writes the rate into an expression: `rate(` where it must be another, the window for `$w`, and for `$s` the one of
 * what is scraped.
 */
export function prepareRates(expr: string, { call, window, scraped }: Rate): string {
  return expr
    .replaceAll(/\brate\(/g, `${call}(`)
    .replaceAll('$w', window)
    .replaceAll('$s', scraped);
}

/**
 * A live window grows with young data: an hour of emptiness before the first sample says nothing.
 * It grows in few, large strides, so that the axis does not creep.
 */
export function visibleSpan(spanMs: number, oldestMs: number | null, nowMs: number): number {
  if (oldestMs === null) return spanMs;
  const age = nowMs - oldestMs;
  for (const stride of [60_000, 120_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000]) {
    if (age <= stride) return Math.min(spanMs, stride);
  }
  return spanMs;
}

export function specOf(
  search: TimeSearch,
  facts: { intervalMs: number; oldestMs: number | null; nowMs: number },
): RangeSpec {
  if (search.from !== undefined && search.to !== undefined) {
    const spanMs = search.to - search.from;
    return { live: false, spanMs, endMs: search.to, stepMs: stepFor(spanMs, facts.intervalMs) };
  }
  const asked = parseSpan(search.range ?? DEFAULT_PRESET) ?? 900_000;
  const spanMs = visibleSpan(asked, facts.oldestMs, facts.nowMs);
  return { live: true, spanMs, endMs: null, stepMs: stepFor(spanMs, facts.intervalMs) };
}

/** Whole steps, so that two fetches of one window ask for the same instants. */
export function gridOf(spec: RangeSpec, nowMs: number): Grid {
  const { stepMs } = spec;
  const endMs = Math.floor((spec.endMs ?? nowMs) / stepMs) * stepMs;
  const startMs = Math.ceil((endMs - spec.spanMs) / stepMs) * stepMs;
  return { startMs, endMs, stepMs };
}

/** A coarser look at the same window, for trends the size of a word. */
export function sparkSpec(spec: RangeSpec): RangeSpec {
  const wanted = Math.max(spec.stepMs, spec.spanMs / 60);
  const step = STEPS_S.find((each) => each * 1000 >= wanted - 1);
  return { ...spec, stepMs: step === undefined ? wanted : step * 1000 };
}

const MAX_POINTS = 11_000;

/** The step a person asked for, as `30s` or as seconds; null when it cannot serve the window. */
export function parseStep(text: string, spanMs: number): number | null {
  const match = /^(\d+(?:\.\d+)?)(s|m|h|d|w)?$/.exec(text.trim());
  if (match === null) return null;
  const stepMs = Math.round(Number(match[1]) * (UNIT_MS[match[2] ?? 's'] ?? 1000));
  return stepMs >= 100 && spanMs / stepMs <= MAX_POINTS ? stepMs : null;
}
