// What the series of the head are spent on.
import { getData } from './client';
import { quoted } from './prometheus';

export interface Count {
  name: string;
  count: number;
  /** Series more than an hour ago; absent where nobody asked. */
  growth?: number | undefined;
}

export interface Cardinality {
  /** Series that match. */
  series: number;
  /** Metrics by series. */
  metrics: Count[];
  /** Labels by number of values. */
  labels: Count[];
  /** Label values by series, as `name=value`. */
  pairs: Count[];
  /** Values of the chosen label by series. */
  values: Count[];
}

interface RawCount {
  name: string;
  series?: number;
  values?: number;
  growth?: number;
}

interface RawCardinality {
  series: number;
  metrics: RawCount[];
  labels: RawCount[];
  pairs: RawCount[];
  focus?: { label: string; values: RawCount[] };
}

// A metric's name is a label too, but has a list of its own.
const countsOf = (list: RawCount[]): Count[] =>
  list
    .filter(({ name }) => !/^__name__(=|$)/.test(name))
    .map(({ name, series, values, growth }) => ({ name, count: series ?? values ?? 0, growth }));

export interface CardinalityQuestion {
  metric?: string | undefined;
  label?: string | undefined;
  value?: string | undefined;
  limit: number;
}

/** The selector of what is looked at. */
export function selectorOf({ metric, label, value }: Omit<CardinalityQuestion, 'limit'>): string {
  const matchers = [];
  if (metric !== undefined) matchers.push(`__name__=${quoted(metric)}`);
  if (label !== undefined) matchers.push(value === undefined ? `${label}!=""` : `${label}=${quoted(value)}`);
  return `{${matchers.join(', ')}}`;
}

export async function cardinality(
  question: CardinalityQuestion,
  signal: AbortSignal | null,
): Promise<Cardinality> {
  const params: Record<string, string> = { topN: String(question.limit), growth: '1h' };
  if (question.metric !== undefined || question.label !== undefined) params['match[]'] = selectorOf(question);
  if (question.label !== undefined) params.focusLabel = question.label;
  const raw = (await getData('/api/v1/cardinality', params, signal)) as RawCardinality;
  return {
    series: raw.series,
    metrics: countsOf(raw.metrics),
    labels: countsOf(raw.labels),
    pairs: countsOf(raw.pairs),
    values: countsOf(raw.focus?.values ?? []),
  };
}
