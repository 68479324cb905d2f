// What the series of the head are spent on.
import { getData } from './client';
import { quoted } from './prometheus';

export interface Count {
  name: string;
  count: number;
}

export interface Cardinality {
  /** Series that match. */
  series: number;
  /** All series of the head. */
  total: number;
  /** Series created in the last hour; null where that is not known. */
  created: number | null;
  /** Metrics by series. */
  metrics: Count[];
  /** Labels by number of values. */
  labels: Count[];
  /** Label values by series. */
  pairs: Array<Count & { value: string }>;
  /** Values of the chosen label by series. */
  values: Count[];
}

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
  const params: Record<string, string> = { limit: String(question.limit) };
  if (question.metric !== undefined || question.label !== undefined) params['match[]'] = selectorOf(question);
  if (question.label !== undefined) params.focus = question.label;
  return (await getData('/api/v1/cardinality', params, signal)) as Cardinality;
}
