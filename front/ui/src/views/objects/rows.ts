// Joins the answers of several queries into one row per process or container.
import type { Labels, Matrix, Sample } from '../../api/prometheus';

export interface ObjectRow<K extends string, S extends string> {
  key: string;
  labels: Labels;
  /** The latest numbers; absent when nobody reports them. */
  now: Partial<Record<K, number | null>>;
  /** What they did in the window. */
  trend: Partial<Record<S, Array<number | null>>>;
}

/** Rows by the identity that `keyOf` reads from the labels, in the order they first appear. */
export function joinRows<K extends string, S extends string>(
  samples: Record<K, Sample[] | undefined>,
  trends: Record<S, Matrix | undefined>,
  keyOf: (labels: Labels) => string,
): Array<ObjectRow<K, S>> {
  const rows = new Map<string, ObjectRow<K, S>>();
  for (const name of Object.keys(samples) as K[]) {
    for (const { labels, value } of samples[name] ?? []) {
      const key = keyOf(labels);
      let row = rows.get(key);
      if (row === undefined) {
        row = { key, labels, now: {}, trend: {} };
        rows.set(key, row);
      }
      row.now[name] = value;
    }
  }
  for (const name of Object.keys(trends) as S[]) {
    for (const { labels, values } of trends[name]?.series ?? []) {
      const row = rows.get(keyOf(labels));
      if (row !== undefined) row.trend[name] = values;
    }
  }
  return [...rows.values()];
}

/** The largest value of a trend over all rows, so that rows can be compared by eye. */
export function topOf<S extends string>(
  rows: ReadonlyArray<{ trend: Partial<Record<S, Array<number | null>>> }>,
  name: S,
): number {
  let top = 0;
  for (const row of rows) for (const value of row.trend[name] ?? []) top = Math.max(top, value ?? 0);
  return top;
}
