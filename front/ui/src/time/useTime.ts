// The time state of the page, read from the URL, and the ways to change it.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { createContext, useCallback, useContext, useMemo } from 'react';
import { serverNow } from '../api/system';
import { prepareRates, type RangeSpec, type Rate, rateOf, specOf, type TimeSearch } from './range';

/** What the time state needs to know of the server; given by the frame. */
export interface TimeFacts {
  intervalMs: number;
  oldestMs: number | null;
}

export const TimeFactsContext = createContext<TimeFacts>({ intervalMs: 5000, oldestMs: null });

export interface TimeState {
  spec: RangeSpec;
  search: TimeSearch;
  rate: Rate;
  /** Writes the rate into an expression: `$w` is its window. */
  prepare: (expr: string) => string;
  atMs: number | null;
  intervalMs: number;
  change: (change: TimeSearch) => void;
  zoom: (fromMs: number, toMs: number) => void;
  /** Back to the window before the zoom, or to the live preset. */
  zoomOut: () => void;
  pin: (atMs: number | null) => void;
}

export function useTime(): TimeState {
  const search = useSearch({ strict: false }) as TimeSearch;
  const facts = useContext(TimeFactsContext);
  const navigate = useNavigate();
  const { range, from, to, at, paused } = search;
  const spec = useMemo(
    () => specOf({ range, from, to }, { ...facts, nowMs: serverNow() }),
    [range, from, to, facts],
  );
  const change = useCallback(
    (changes: TimeSearch) =>
      void navigate({
        to: '.',
        search: (old: Record<string, unknown>) => ({ ...old, ...changes }) as never,
        resetScroll: false,
      }),
    [navigate],
  );
  return useMemo(() => {
    const zoomed = from !== undefined;
    const rate = rateOf(spec, facts.intervalMs);
    return {
      spec,
      search: { range, from, to, at, paused },
      rate,
      prepare: (expr) => prepareRates(expr, rate),
      atMs: at ?? (spec.live ? null : spec.endMs),
      intervalMs: facts.intervalMs,
      change,
      zoom: (fromMs, toMs) => change({ from: Math.round(fromMs), to: Math.round(toMs) }),
      zoomOut: () => {
        if (zoomed) change({ from: undefined, to: undefined });
      },
      pin: (atMs) => change({ at: atMs === null ? undefined : Math.round(atMs) }),
    };
  }, [spec, range, from, to, at, paused, facts, change]);
}
