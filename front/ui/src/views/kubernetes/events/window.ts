// The window of events and the width of a bar in it.
import { DEFAULT_PRESET, parseSpan, type TimeSearch } from '../../../time/range';

const BARS = 80;
const STEPS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
];

export interface EventWindow {
  spanMs: number;
  /** Undefined for a window that ends now. */
  startMs: number | undefined;
  endMs: number | undefined;
  stepMs: number;
}

/** As the time control says; unlike charts it does not shrink to what the store of metrics has. */
export function windowOf({ from, to, range }: TimeSearch): EventWindow {
  const isFixed = from !== undefined && to !== undefined;
  const spanMs = isFixed ? to - from : (parseSpan(range ?? DEFAULT_PRESET) ?? 900_000);
  const step = STEPS_S.find((each) => spanMs / 1000 / each <= BARS) ?? 86_400;
  return {
    spanMs,
    startMs: isFixed ? from : undefined,
    endMs: isFixed ? to : undefined,
    stepMs: step * 1000,
  };
}
