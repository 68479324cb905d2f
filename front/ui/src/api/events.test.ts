import { describe, expect, it } from 'vitest';
import { conditionsOf, countsOf } from './events';

describe('conditionsOf', () => {
  it('asks for everything when nothing narrows', () => {
    expect(conditionsOf({})).toBe('true');
  });
  it('quotes text and takes signs of patterns as they are', () => {
    expect(conditionsOf({ owner: "o'neil", text: '50%_a\\b' })).toBe(
      "owner_name = 'o''neil' AND (message ILIKE '%50\\%\\_a\\\\b%' OR reason ILIKE '%50\\%\\_a\\\\b%' OR object_name ILIKE '%50\\%\\_a\\\\b%')",
    );
  });
  it('bounds the time on both sides', () => {
    expect(conditionsOf({ startMs: 1000, endMs: 2000 })).toBe(
      'time >= to_timestamp_millis(1000) AND time <= to_timestamp_millis(2000)',
    );
  });
});

describe('countsOf', () => {
  it('fills steps without events with zero and puts warnings first', () => {
    const counts = countsOf(
      [
        ['1970-01-01T00:00:10Z', 'Normal', 2],
        ['1970-01-01T00:00:30Z', 'Normal', 1],
        ['1970-01-01T00:00:20Z', 'Warning', 5],
        ['1970-01-01T01:00:00Z', 'Warning', 9],
      ],
      { startMs: 13_000, endMs: 31_000, stepMs: 10_000 },
    );
    expect(counts.types).toEqual([
      { type: 'Warning', values: [0, 5, 0], total: 5 },
      { type: 'Normal', values: [2, 0, 1], total: 3 },
    ]);
    expect([counts.startMs, counts.endMs]).toEqual([10_000, 30_000]);
  });
});
