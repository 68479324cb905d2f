import { describe, expect, it } from 'vitest';
import { sparkPath } from './Sparkline';

describe('sparkPath', () => {
  const size = { width: 20, height: 12, max: 10 };
  it('keeps gaps and shows points that stand alone', () => {
    expect(sparkPath([0, 10, null, 5, null], size)).toBe('M0.0 11.0L5.0 1.0M15.0 6.0h1');
  });
  it('draws nothing for nothing, and a flat zero on the ground', () => {
    expect(sparkPath([], size)).toBe('');
    expect(sparkPath([0, 0], { ...size, max: 0 })).toBe('M0.0 11.0L20.0 11.0');
  });
});
