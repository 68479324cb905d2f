// Which cluster is looked at: the one of the address, else the one that was looked at last, else the first.
import { useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useClusters } from '../api/clusterHooks';
import type { Answer } from '../api/hooks';
import type { Cluster } from '../api/kubernetes';
import { usePreference } from '../preferences/store';

export interface ClusterScope {
  answer: Answer<Cluster[]>;
  /** Undefined where no cluster is known. */
  name: string | undefined;
  /** Whether there is no other. */
  isOnly: boolean;
}

export function useCluster(): ClusterScope {
  const answer = useClusters();
  const { cluster } = useParams({ strict: false }) as { cluster?: string };
  const [last, setLast] = usePreference<string>('cluster', '');
  useEffect(() => {
    if (cluster !== undefined && cluster !== last) setLast(cluster);
  }, [cluster, last, setLast]);
  const known = answer.data ?? [];
  const remembered = known.find(({ name }) => name === last)?.name;
  return { answer, name: cluster ?? remembered ?? known[0]?.name, isOnly: known.length < 2 };
}
