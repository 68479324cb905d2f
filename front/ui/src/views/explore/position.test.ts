import { describe, expect, it } from 'vitest';
import { errorPlace, unitsOfBytes } from './position';

describe('unitsOfBytes', () => {
  it('counts what UTF-8 and UTF-16 count differently', () => {
    expect(unitsOfBytes('abc', 2)).toBe(2);
    expect(unitsOfBytes('é=b', 2)).toBe(1);
    expect(unitsOfBytes('内存x', 6)).toBe(2);
    expect(unitsOfBytes('😀x', 4)).toBe(2);
    expect(unitsOfBytes('ab', 9)).toBe(2);
  });
});

describe('errorPlace', () => {
  it('takes the position of the server', () => {
    const error = { message: 'unknown function', position: { start: 4, end: 7 } };
    expect(errorPlace('sum(rat(x))', error)).toEqual({ from: 4, to: 7 });
  });
  it('reads the place from the text of a plain Prometheus', () => {
    const error = {
      message: 'invalid parameter "query": 1:5: parse error: unknown function',
      position: null,
    };
    expect(errorPlace('sum(rat(x))', error)).toEqual({ from: 4, to: 7 });
  });
  it('underlines the last character for an error at the end', () => {
    expect(errorPlace('sum(', { message: '', position: { start: 4, end: 4 } })).toEqual({ from: 3, to: 4 });
  });
  it('knows when there is no place', () => {
    expect(errorPlace('up', { message: 'query timed out', position: null })).toBeNull();
  });
});
