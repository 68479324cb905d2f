import { describe, expect, it } from 'vitest';
import { type Matrix, matrixOf, mergeMatrix, parseNumber, seriesKey } from './prometheus';

const matrix = (startMs: number, values: Array<number | null>, name = 'a'): Matrix => ({
  startMs,
  endMs: startMs + (values.length - 1) * 1000,
  stepMs: 1000,
  series: [{ labels: { name }, values }],
});

describe('matrixOf', () => {
  it('puts samples on the grid and leaves gaps', () => {
    const raw = {
      resultType: 'matrix' as const,
      result: [
        {
          metric: { a: '1' },
          values: [
            [1, '5'],
            [3, 'NaN'],
            [4, '+Inf'],
            [5, '7'],
          ] as Array<[number, string]>,
        },
      ],
    };
    const made = matrixOf(raw, { startMs: 1000, endMs: 5000, stepMs: 1000 });
    expect(made.series[0]?.values).toEqual([5, null, null, null, 7]);
  });
});

describe('mergeMatrix', () => {
  it('keeps old points, adds new steps, and drops what left the window', () => {
    const merged = mergeMatrix(matrix(0, [0, 1, 2, 3]), matrix(3000, [30, 4, 5]), {
      startMs: 2000,
      endMs: 5000,
      stepMs: 1000,
    });
    expect(merged.series).toEqual([{ labels: { name: 'a' }, values: [2, 30, 4, 5] }]);
  });
  it('leaves a gap where a series ended, and takes in a new one', () => {
    const merged = mergeMatrix(matrix(0, [1, 2, 3], 'old'), matrix(2000, [9, 9], 'new'), {
      startMs: 0,
      endMs: 3000,
      stepMs: 1000,
    });
    expect(merged.series).toEqual([
      { labels: { name: 'old' }, values: [1, 2, null, null] },
      { labels: { name: 'new' }, values: [null, null, 9, 9] },
    ]);
  });
  it('forgets series that have no point left', () => {
    const merged = mergeMatrix(matrix(0, [1, 2], 'gone'), matrix(5000, [1], 'new'), {
      startMs: 4000,
      endMs: 5000,
      stepMs: 1000,
    });
    expect(merged.series.map((series) => series.labels.name)).toEqual(['new']);
  });
});

describe('texts', () => {
  it('reads numbers of samples', () => {
    expect(parseNumber('1e3')).toBe(1000);
    expect(parseNumber('-Inf')).toBe(Number.NEGATIVE_INFINITY);
    expect(parseNumber('NaN')).toBeNull();
  });
  it('writes a series with its labels in order', () => {
    expect(seriesKey({ __name__: 'up', job: 'x', instance: 'y' })).toBe('up{instance="y", job="x"}');
    expect(seriesKey({})).toBe('{}');
  });
});
