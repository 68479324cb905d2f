import { describe, expect, it } from 'vitest';
import { windowOf } from './window';

describe('windowOf', () => {
  it('ends now unless it is fixed', () => {
    expect(windowOf({})).toEqual({ spanMs: 900_000, startMs: undefined, endMs: undefined, stepMs: 15_000 });
    expect(windowOf({ from: 1000, to: 61_000 })).toMatchObject({
      spanMs: 60_000,
      startMs: 1000,
      endMs: 61_000,
    });
  });
  it('keeps the number of bars small', () => {
    for (const range of ['5m', '1h', '24h', '7d']) {
      const { spanMs, stepMs } = windowOf({ range });
      expect(spanMs / stepMs).toBeLessThanOrEqual(80);
    }
  });
});
