import { describe, expect, it } from 'vitest';
import {
  gridOf,
  parseSpan,
  parseStep,
  parseTimeSearch,
  prepareRates,
  rateOf,
  rateWindow,
  spanText,
  specOf,
  stepFor,
  visibleSpan,
} from './range';

describe('the URL', () => {
  it('keeps what is understood and drops the rest', () => {
    expect(parseTimeSearch({ range: '1h', from: 'x', to: '5', at: '1700000000000', paused: '1' })).toEqual({
      range: '1h',
      from: undefined,
      to: undefined,
      at: 1_700_000_000_000,
      paused: true,
    });
    expect(parseTimeSearch({ range: 'yesterday' }).range).toBeUndefined();
    expect(parseTimeSearch({ range: '15m' }).range).toBeUndefined();
    expect(parseTimeSearch({ from: '2000', to: '1000' })).toMatchObject({ from: undefined, to: undefined });
    expect(parseTimeSearch({ from: '1000', to: '61000' })).toMatchObject({ from: 1000, to: 61_000 });
  });
});

describe('spans', () => {
  it('reads and writes durations as PromQL does', () => {
    expect(parseSpan('1h30m')).toBe(5_400_000);
    expect(parseSpan('90s')).toBe(90_000);
    for (const bad of ['', '5', 'm', '1y', '-5m', '1s']) expect(parseSpan(bad)).toBeNull();
    expect(spanText(5_400_000)).toBe('1h30m');
    expect(spanText(20_000)).toBe('20s');
  });
  it('accepts a step that serves the window only', () => {
    expect(parseStep('30s', 900_000)).toBe(30_000);
    expect(parseStep('0.5', 60_000)).toBe(500);
    expect(parseStep('1s', 604_800_000)).toBeNull();
    expect(parseStep('soon', 900_000)).toBeNull();
  });
});

describe('steps', () => {
  it.each([
    [60_000, 1000],
    [300_000, 5000],
    [900_000, 5000],
    [3_600_000, 15_000],
    [86_400_000, 600_000],
    [604_800_000, 3_600_000],
  ])('a window of %d ms has steps of %d ms', (span, step) => expect(stepFor(span, 5000)).toBe(step));

  it('takes a rate over four intervals at least and one step at least', () => {
    expect(rateWindow(5000, 5000)).toBe('20s');
    expect(rateWindow(60_000, 5000)).toBe('1m');
  });
});

describe('rates', () => {
  it('compare the two latest samples while steps are finer than collections', () => {
    const young = rateOf({ live: true, spanMs: 60_000, endMs: null, stepMs: 1000 }, 5000);
    expect(prepareRates('sum(rate(a[$w])) + increase(b[5m])', young)).toBe(
      'sum(irate(a[20s])) + increase(b[5m])',
    );
    const old = rateOf({ live: true, spanMs: 900_000, endMs: null, stepMs: 5000 }, 5000);
    expect(prepareRates('rate(a[$w])', old)).toBe('rate(a[20s])');
  });
});

describe('the window', () => {
  it('grows with young data', () => {
    const now = 10_000_000;
    expect(visibleSpan(900_000, now - 2000, now)).toBe(60_000);
    expect(visibleSpan(900_000, now - 100_000, now)).toBe(120_000);
    expect(visibleSpan(900_000, now - 5_000_000, now)).toBe(900_000);
    expect(visibleSpan(900_000, null, now)).toBe(900_000);
  });
  it('is fixed when the URL has both ends', () => {
    const facts = { intervalMs: 5000, oldestMs: null, nowMs: 0 };
    expect(specOf({ from: 1_000_000, to: 1_600_000 }, facts)).toEqual({
      live: false,
      spanMs: 600_000,
      endMs: 1_600_000,
      stepMs: 5000,
    });
  });
  it('lies on whole steps', () => {
    const grid = gridOf({ live: true, spanMs: 60_000, endMs: null, stepMs: 5000 }, 1_000_003_456);
    expect(grid).toEqual({ startMs: 999_940_000, endMs: 1_000_000_000, stepMs: 5000 });
  });
});
