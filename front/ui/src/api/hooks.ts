// How components ask for data: live, incremental, and shared between all who ask the same.
import {
  keepPreviousData,
  type QueryClient,
  useQueries,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { useSameList } from '../parts/useSame';
import type { RangeSpec } from '../time/range';
import { type Cardinality, type CardinalityQuestion, cardinality } from './cardinality';
import { ApiError } from './client';
import { type Link, live } from './live';
import { type Matrix, metricNames, queryInstant, queryRange, type Sample } from './prometheus';
import { type SystemStatus, serverNow, systemStatus } from './system';
import { type Targets, targets } from './targets';

/** One answer with what is known about its freshness. */
export interface Answer<T> {
  data: T | undefined;
  error: ApiError | null;
  /** When `data` came, as ms; 0 when it never did. */
  updatedAt: number;
  /** True while `data` belongs to an earlier question (another range). */
  previous: boolean;
  pending: boolean;
  retry: () => void;
}

interface QueryLike<T> {
  data: T | undefined;
  error: Error | null;
  dataUpdatedAt: number;
  isPlaceholderData: boolean;
  isPending: boolean;
  refetch: () => unknown;
}

/** A query's result in the words of this page. */
export function answerOf<T>(query: QueryLike<T>): Answer<T> {
  const { error } = query;
  return {
    data: query.data,
    error:
      error === null ? null : error instanceof ApiError ? error : new ApiError(error.message, { status: 0 }),
    updatedAt: query.dataUpdatedAt,
    previous: query.isPlaceholderData,
    pending: query.isPending,
    retry: () => void query.refetch(),
  };
}

export function useLink(): Link {
  return useSyncExternalStore(live.subscribeLink, live.link);
}

/** Refreshes what is on screen after each collection; mounted once. */
export function useLiveRefresh(paused: boolean): void {
  const client = useQueryClient();
  const pausedRef = useRef(paused);
  pausedRef.current = paused;
  useEffect(() => {
    const stop = live.start();
    const offStatus = live.onStatus(() => void client.invalidateQueries({ queryKey: ['system'] }));
    const offTick = live.onTick(() => {
      if (!pausedRef.current) void refreshLive(client);
    });
    return () => {
      offTick();
      offStatus();
      stop();
    };
  }, [client]);
}

/** Asks again for everything live that is on screen; a slow server is not asked twice at once. */
export function refreshLive(client: QueryClient): Promise<void> {
  return client.invalidateQueries(
    { predicate: (query) => query.meta?.live === true, refetchType: 'active' },
    { cancelRefetch: false },
  );
}

/** The state of Periplus itself: seldom for the frame around the page, after each collection where it is the page. */
export function useSystem(pace: 'seldom' | 'live' = 'seldom'): Answer<SystemStatus> {
  return answerOf(
    useQuery({
      queryKey: ['system', pace],
      queryFn: ({ signal }) => systemStatus(signal),
      meta: { live: pace === 'live' },
      refetchInterval: pace === 'seldom' ? 30_000 : false,
    }),
  );
}

/** What is scraped. */
export function useTargets(): Answer<Targets> {
  return answerOf(
    useQuery({ queryKey: ['targets'], queryFn: ({ signal }) => targets(signal), meta: { live: true } }),
  );
}

/** What the series of the head are spent on; old numbers stay while others are on their way. */
export function useCardinality(question: CardinalityQuestion): Answer<Cardinality> {
  const { metric, label, value, limit } = question;
  return answerOf(
    useQuery({
      queryKey: ['cardinality', metric, label, value, limit],
      queryFn: ({ signal }) => cardinality(question, signal),
      placeholderData: keepPreviousData,
      refetchInterval: 60_000,
    }),
  );
}

/** Names of all metrics; often at first, for a store that has just begun, then once a minute. */
export function useMetricNames(): Answer<ReadonlySet<string>> {
  return answerOf(
    useQuery({
      queryKey: ['metric names'],
      queryFn: async ({ signal }) => new Set(await metricNames(signal)) as ReadonlySet<string>,
      staleTime: 10_000,
      refetchInterval: (query) => (query.state.dataUpdateCount < 8 ? 2000 : 60_000),
    }),
  );
}

/** Instant queries by name, now or at a pinned moment. */
export function useInstants<K extends string>(
  queries: Readonly<Record<K, string>>,
  atMs: number | null,
): { samples: Record<K, Sample[] | undefined>; answers: Array<Answer<Sample[]>> } {
  const names = Object.keys(queries) as K[];
  const results = useQueries({
    queries: names.map((name) => ({
      queryKey: ['instant', queries[name], atMs],
      queryFn: ({ signal }: { signal: AbortSignal }) => queryInstant(queries[name], atMs, signal),
      meta: { live: atMs === null },
      placeholderData: keepPreviousData,
    })),
  });
  const answers = results.map((result) => answerOf(result as QueryLike<Sample[]>));
  const data = useSameList(answers.map((answer) => answer.data));
  const keys = names.join();
  const samples = useMemo(
    () => Object.fromEntries(keys.split(',').map((name, idx) => [name, data[idx]])),
    [keys, data],
  ) as Record<K, Sample[] | undefined>;
  return { samples, answers };
}

/** Range queries over one window; `enabled` is false for what is not on screen. */
export function useRanges(
  exprs: readonly string[],
  spec: RangeSpec,
  enabled: boolean,
): Array<Answer<Matrix>> {
  const client = useQueryClient();
  const results = useQueries({
    queries: exprs.map((expr) => {
      const queryKey = ['range', expr, spec.live ? spec.spanMs : `${spec.endMs}-${spec.spanMs}`, spec.stepMs];
      return {
        queryKey,
        queryFn: ({ signal }: { signal: AbortSignal }) =>
          queryRange(expr, spec, {
            nowMs: serverNow(),
            previous: client.getQueryData<Matrix>(queryKey),
            signal,
          }),
        meta: { live: spec.live },
        // A live window goes stale at once; a fixed one never does.
        staleTime: spec.live ? 0 : Number.POSITIVE_INFINITY,
        placeholderData: keepPreviousData,
        structuralSharing: false,
        enabled,
      };
    }),
  });
  return results.map((result) => answerOf(result as QueryLike<Matrix>));
}

/** The client with the manners of this page: no focus storms, errors shown instead of endless retries. */
export const queryDefaults = {
  queries: {
    staleTime: 0,
    gcTime: 120_000,
    retry: (failures: number, error: Error): boolean =>
      failures < 1 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    retryDelay: 500,
    refetchOnWindowFocus: false,
    refetchOnReconnect: true,
    networkMode: 'always' as const,
  },
};
