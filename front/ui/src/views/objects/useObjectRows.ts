// The rows of a live list: what its queries say now, and what some of them said in the window.
import { useMemo } from 'react';
import { type Answer, useInstants, useRanges } from '../../api/hooks';
import type { Labels, Sample } from '../../api/prometheus';
import { useSameList } from '../../parts/useSame';
import { type Rate, rateOf, sparkSpec } from '../../time/range';
import { useTime } from '../../time/useTime';
import { joinRows, type ObjectRow } from './rows';

/** What a list shows; declared once, outside of components, so that rows are joined only when answers change. */
export interface ListSource<K extends string, T extends K> {
  queries: (rate: Rate) => Readonly<Record<K, string>>;
  /** The queries that are also drawn as trends. */
  trends: readonly T[];
  /** The identity of a row. */
  keyOf: (labels: Labels) => string;
}

export function useObjectRows<K extends string, T extends K>(
  source: ListSource<K, T>,
): { rows: Array<ObjectRow<K, T>>; answers: Array<Answer<Sample[]>> } {
  const time = useTime();
  const spec = sparkSpec(time.spec);
  const trendQueries = source.queries(rateOf(spec, time.intervalMs));
  const { samples, answers } = useInstants(source.queries(time.rate), time.atMs);
  const ranges = useRanges(
    source.trends.map((name) => trendQueries[name]),
    spec,
    true,
  );
  const matrices = useSameList(ranges.map((range) => range.data));
  const rows = useMemo(() => {
    const trends = Object.fromEntries(source.trends.map((name, idx) => [name, matrices[idx]])) as Record<
      T,
      (typeof matrices)[number]
    >;
    return joinRows(samples, trends, source.keyOf);
  }, [source, samples, matrices]);
  return { rows, answers };
}
