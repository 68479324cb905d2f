// What workloads use: containers' use, added up by the owners of their pods.
import { useCallback, useMemo } from 'react';
import { useInstants, useRanges } from '../../../api/hooks';
import type { Workload } from '../../../api/kubernetes';
import { useCluster } from '../../../frame/cluster';
import { useSameList } from '../../../parts/useSame';
import { prepareRates, rateOf, sparkSpec } from '../../../time/range';
import { useTime } from '../../../time/useTime';
import { byOwner, clusterMatcher, cpuOf, memoryOf, sumByWorkload } from '../usage';
import { refKey } from '../words';

interface Measured {
  now: number | null;
  trend: Array<number | null> | undefined;
}

export interface WorkloadUse {
  cpu: Measured;
  memory: Measured;
}

type Values = Array<number | null>;

/** Adds lines up; a gap counts as nothing where another line speaks. */
export function addValues(a: Values | undefined, b: Values): Values {
  return b.map((value, idx) => {
    const other = a?.[idx] ?? null;
    return value === null ? other : value + (other ?? 0);
  });
}

export function useWorkloadUse(
  cluster: string,
  workloads: readonly Workload[],
): (key: string) => WorkloadUse {
  const time = useTime();
  const { isOnly } = useCluster();
  const matchers = clusterMatcher(cluster, isOnly);
  const exprs = useMemo(
    () => ({
      cpu: byOwner(cpuOf(matchers, 'namespace, pod'), matchers),
      memory: byOwner(memoryOf(matchers, 'namespace, pod'), matchers),
    }),
    [matchers],
  );
  const { samples } = useInstants(
    { cpu: time.prepare(exprs.cpu), memory: time.prepare(exprs.memory) },
    time.atMs,
  );
  const spec = sparkSpec(time.spec);
  const rate = rateOf(spec, time.intervalMs);
  const ranges = useRanges(
    [prepareRates(exprs.cpu, rate), prepareRates(exprs.memory, rate)],
    spec,
    workloads.length > 0,
  );
  const matrices = useSameList(ranges.map((range) => range.data));
  const found = useMemo(() => {
    const known = new Set(workloads.map(refKey));
    const of = (what: 'cpu' | 'memory', place: number) => ({
      now: sumByWorkload<{ value: number | null }>(samples[what] ?? [], known, (sum, { value }) => ({
        value: value === null ? (sum?.value ?? null) : value + (sum?.value ?? 0),
      })),
      trend: sumByWorkload<{ values: Values }>(matrices[place]?.series ?? [], known, (sum, { values }) => ({
        values: addValues(sum?.values, values),
      })),
    });
    return { cpu: of('cpu', 0), memory: of('memory', 1) };
  }, [workloads, samples, matrices]);
  return useCallback(
    (key) => {
      const of = ({ now, trend }: (typeof found)['cpu']): Measured => ({
        now: now.get(key)?.value ?? null,
        trend: trend.get(key)?.values,
      });
      return { cpu: of(found.cpu), memory: of(found.memory) };
    },
    [found],
  );
}
