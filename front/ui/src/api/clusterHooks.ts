// How components ask about clusters: again when the stream says that objects changed, and only for what is shown.
import { keepPreviousData, type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { countEvents, type EventCounts, type EventPage, type EventQuestion, findEvents } from './events';
import { type Answer, answerOf } from './hooks';
import {
  type Cluster,
  type ClusterNode,
  clusters,
  type Found,
  type ObjectDetail,
  type ObjectRef,
  ofCluster,
  type Pod,
  rawObject,
  type Workload,
} from './kubernetes';
import { live } from './live';
import { serverNow } from './system';

/** Some states change by the passing of time alone ("not ready for 30 s"): nothing announces that. */
const SLOW_MS = 30_000;

/** Answers about clusters begin with this and the name of the cluster. */
const ROOT = 'kubernetes';

/** Asks again for what is shown of a cluster; a change during a fetch leads to one more, never to two at once. */
class Refresher {
  readonly #client: QueryClient;
  readonly #running = new Map<string, boolean>();

  constructor(client: QueryClient) {
    this.#client = client;
  }

  async refresh(cluster: string): Promise<void> {
    if (this.#running.has(cluster)) {
      this.#running.set(cluster, true);
      return;
    }
    let isDirty = true;
    while (isDirty) {
      this.#running.set(cluster, false);
      await this.#client.invalidateQueries({
        predicate: ({ queryKey: [root, name] }) => root === ROOT && (name === '' || name === cluster),
        refetchType: 'active',
      });
      isDirty = this.#running.get(cluster) === true;
    }
    this.#running.delete(cluster);
  }
}

/** Follows the clusters; mounted once. */
export function useClusterRefresh(isPaused: boolean): void {
  const client = useQueryClient();
  const paused = useRef(isPaused);
  paused.current = isPaused;
  useEffect(() => {
    const refresher = new Refresher(client);
    return live.onCluster((cluster) => {
      if (!paused.current) void refresher.refresh(cluster);
    });
  }, [client]);
}

export function useClusters(): Answer<Cluster[]> {
  return answerOf(
    useQuery({
      queryKey: [ROOT, ''],
      queryFn: ({ signal }) => clusters(signal),
      refetchInterval: SLOW_MS,
    }),
  );
}

function useOf<T>(
  cluster: string,
  what: 'nodes' | 'workloads' | 'pods' | 'objects',
  parts: Readonly<Record<string, string | number | undefined>>,
): Answer<T> {
  return answerOf(
    useQuery({
      queryKey: [ROOT, cluster, what, parts],
      queryFn: async ({ signal }) => (await ofCluster(cluster, what, parts, signal)) as T,
      placeholderData: keepPreviousData,
      refetchInterval: SLOW_MS,
    }),
  );
}

export function useNodes(cluster: string): Answer<{ total: number; nodes: ClusterNode[] }> {
  return useOf(cluster, 'nodes', {});
}

export interface WorkloadParts {
  namespace?: string | undefined;
  kind?: string | undefined;
  q?: string | undefined;
  severity?: string | undefined;
  limit?: number | undefined;
}

export function useWorkloads(
  cluster: string,
  parts: WorkloadParts,
): Answer<{ total: number; namespaces: string[]; workloads: Workload[] }> {
  return useOf(cluster, 'workloads', { ...parts });
}

export interface PodParts {
  namespace?: string | undefined;
  node?: string | undefined;
  workload?: string | undefined;
  q?: string | undefined;
  limit?: number | undefined;
}

export function usePods(cluster: string, parts: PodParts | null): Answer<{ total: number; pods: Pod[] }> {
  return answerOf(
    useQuery({
      queryKey: [ROOT, cluster, 'pods', parts],
      queryFn: async ({ signal }) =>
        (await ofCluster(cluster, 'pods', { ...parts }, signal)) as { total: number; pods: Pod[] },
      refetchInterval: SLOW_MS,
      enabled: parts !== null,
    }),
  );
}

export function useObject(cluster: string, ref: Omit<ObjectRef, 'apiVersion'>): Answer<ObjectDetail> {
  const { kind, namespace, name } = ref;
  return answerOf(
    useQuery({
      queryKey: [ROOT, cluster, 'object', kind, namespace, name],
      queryFn: async ({ signal }) =>
        (await ofCluster(cluster, 'objects', { kind, namespace, name }, signal)) as ObjectDetail,
      refetchInterval: SLOW_MS,
    }),
  );
}

/** Asked only when somebody wants to read it: the API server is asked each time. */
export function useRawObject(
  cluster: string,
  ref: Omit<ObjectRef, 'apiVersion'>,
  isWanted: boolean,
): Answer<string> {
  return answerOf(
    useQuery({
      queryKey: ['raw object', cluster, ref.kind, ref.namespace, ref.name],
      queryFn: ({ signal }) => rawObject(cluster, ref, signal),
      enabled: isWanted,
    }),
  );
}

export function useObjectSearch(cluster: string | undefined, typed: string): Answer<Found[]> {
  return answerOf(
    useQuery({
      queryKey: ['object search', cluster, typed],
      queryFn: async ({ signal }) => {
        const data = await ofCluster(cluster ?? '', 'search', { q: typed, limit: 20 }, signal);
        return (data as { objects: Found[] }).objects;
      },
      enabled: cluster !== undefined && typed.length > 1,
      placeholderData: keepPreviousData,
      staleTime: 2000,
    }),
  );
}

/** Events, the newest first. A live window is asked up to now, each time anew. */
export function useEvents(question: EventQuestion, limit: number, spanMs: number | null): Answer<EventPage> {
  return answerOf(
    useQuery({
      queryKey: [ROOT, question.cluster ?? '', 'events', question, limit, spanMs],
      queryFn: ({ signal }) => {
        const startMs = spanMs === null ? question.startMs : serverNow() - spanMs;
        return findEvents({ ...question, startMs }, limit, signal);
      },
      meta: { live: question.endMs === undefined },
      placeholderData: keepPreviousData,
    }),
  );
}

/** Events counted over time. */
export function useEventCounts(
  question: EventQuestion,
  window: { spanMs: number; stepMs: number },
): Answer<EventCounts> {
  const { spanMs, stepMs } = window;
  return answerOf(
    useQuery({
      queryKey: [ROOT, question.cluster ?? '', 'event counts', question, spanMs, stepMs],
      queryFn: ({ signal }) => {
        const endMs = question.endMs ?? serverNow();
        return countEvents({ ...question, startMs: endMs - spanMs, endMs }, stepMs, signal);
      },
      meta: { live: question.endMs === undefined },
      placeholderData: keepPreviousData,
    }),
  );
}
