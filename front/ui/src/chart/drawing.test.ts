import { describe, expect, it } from 'vitest';
import type { Matrix } from '../api/prometheus';
import { colorsFor, commonLabels, csvOf, drawingOf, lineName, stackedValues, statsOf } from './drawing';

const matrixOf = (count: number): Matrix => ({
  startMs: 0,
  endMs: 1000,
  stepMs: 1000,
  series: Array.from({ length: count }, (_, idx) => ({
    labels: { device: `d${idx}`, job: 'x' },
    values: [idx, idx],
  })),
});
const options = { stacked: false, keepOrder: false, otherName: (count: number) => `other (${count})` };

describe('drawingOf', () => {
  it('names the ten largest and marks the rest as other', () => {
    const drawing = drawingOf([matrixOf(13)], { ...options, queries: [{ expr: 'x', legend: '{{device}}' }] });
    expect(drawing?.lines.map((line) => line.name).slice(0, 2)).toEqual(['d12', 'd11']);
    expect(drawing?.lines.filter((line) => line.other)).toHaveLength(3);
  });
  it('adds the rest up when stacked', () => {
    const drawing = drawingOf([matrixOf(13)], {
      ...options,
      stacked: true,
      queries: [{ expr: 'x', legend: '{{device}}' }],
    });
    expect(drawing?.lines.at(-1)).toMatchObject({ name: 'other (3)', values: [3, 3], other: true });
  });
  it('leaves shared labels out of names', () => {
    const drawing = drawingOf([matrixOf(2)], { ...options, queries: [{ expr: 'x' }] });
    expect(drawing?.common).toBe('job="x"');
    expect(drawing?.lines.map((line) => line.name)).toEqual(['{device="d1"}', '{device="d0"}']);
  });
  it('waits for the first answer', () => {
    expect(drawingOf([undefined], { ...options, queries: [{ expr: 'x' }] })).toBeNull();
  });
});

describe('lines', () => {
  it('stack on those before them, but limits do not', () => {
    const line = { name: '', labels: {}, color: 0, other: false };
    expect(
      stackedValues([
        { ...line, values: [1, null], limit: false },
        { ...line, values: [2, 3], limit: false },
        { ...line, values: [9, 9], limit: true },
      ]),
    ).toEqual([
      [1, null],
      [3, 3],
      [9, 9],
    ]);
  });
  it('have statistics without their gaps', () => {
    expect(statsOf([null, 1, 3, null])).toEqual({ min: 1, max: 3, mean: 2, last: 3 });
    expect(statsOf([null])).toEqual({ min: null, max: null, mean: null, last: null });
  });
  it('take names from labels and colours from names', () => {
    expect(lineName('{{device}} read', { device: 'vda' })).toBe('vda read');
    expect(lineName('{{verb}} {{resource}}', { verb: 'GET' })).toBe('GET');
    expect(lineName('{{resource}}', { resource: '' })).toBe('resource=""');
    expect(colorsFor(['user', 'system'])).toEqual([0, 1]);
    expect(colorsFor(['eth0'])).toEqual(colorsFor(['eth0']));
    expect(new Set(colorsFor(Array.from({ length: 10 }, (_, idx) => `n${idx}`))).size).toBe(10);
    expect(commonLabels([{ a: '1' }])).toEqual({});
  });
  it('export exact values with quoted names', () => {
    const csv = csvOf({
      startMs: 0,
      endMs: 1000,
      stepMs: 1000,
      common: '',
      lines: [{ name: 'a,"b"', labels: {}, values: [0.1, null], color: 0, limit: false, other: false }],
    });
    expect(csv).toBe('time,"a,""b"""\n1970-01-01T00:00:00.000Z,0.1\n1970-01-01T00:00:01.000Z,\n');
  });
});
