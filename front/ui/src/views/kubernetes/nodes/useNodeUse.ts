// What nodes use, from whichever source reports it.
import { useCallback, useMemo } from 'react';
import { useInstants, useRanges } from '../../../api/hooks';
import type { ClusterNode } from '../../../api/kubernetes';
import { useSameList } from '../../../parts/useSame';
import { prepareRates, rateOf, sparkSpec } from '../../../time/range';
import { useTime } from '../../../time/useTime';
import { isOfNode, NODE_USE, valueOfNode } from '../usage';

export interface NodeUse {
  cpu: { now: number | null; trend: Array<number | null> | undefined };
  memory: { now: number | null; trend: Array<number | null> | undefined };
}

type Source = keyof typeof NODE_USE;
const SOURCES: Record<'cpu' | 'memory', readonly Source[]> = {
  cpu: ['cpu', 'cpuOfCadvisor', 'cpuOfExporter'],
  memory: ['memory', 'memoryOfCadvisor', 'memoryOfExporter'],
};
const ALL = Object.keys(NODE_USE) as Source[];

export function useNodeUse(nodes: readonly ClusterNode[]): (node: ClusterNode) => NodeUse {
  const time = useTime();
  const queries = useMemo(
    () =>
      Object.fromEntries(ALL.map((name) => [name, time.prepare(NODE_USE[name])])) as Record<Source, string>,
    [time],
  );
  const { samples } = useInstants(queries, time.atMs);
  const spec = sparkSpec(time.spec);
  const rate = rateOf(spec, time.intervalMs);
  const ranges = useRanges(
    ALL.map((name) => prepareRates(NODE_USE[name], rate)),
    spec,
    nodes.length > 0,
  );
  const matrices = useSameList(ranges.map((range) => range.data));
  return useCallback(
    (node) => {
      const of = (what: 'cpu' | 'memory') => {
        const trend = SOURCES[what]
          .map((source) =>
            matrices[ALL.indexOf(source)]?.series.find(({ labels }) =>
              isOfNode(labels, node.name, node.internalIP),
            ),
          )
          .find((series) => series !== undefined);
        return {
          now: valueOfNode(
            SOURCES[what].map((source) => samples[source]),
            node,
          ),
          trend: trend?.values,
        };
      };
      return { cpu: of('cpu'), memory: of('memory') };
    },
    [samples, matrices],
  );
}
