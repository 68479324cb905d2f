import { expect, test } from 'vitest';
import { matrixOf } from '../../api/prometheus';
import { busiestOf, heatOf } from './heat';

test('buckets of all series become rows, the largest values first', () => {
  const histogram = (buckets: Array<[number, string, string, string]>) => ({ count: '3', sum: '4', buckets });
  const raw = {
    resultType: 'matrix' as const,
    result: [
      {
        metric: { a: '1' },
        histograms: [
          [
            1,
            histogram([
              [0, '0.5', '1', '2'],
              [0, '1', '2', '1'],
            ]),
          ],
          [2, histogram([[0, '1', '2', '3']])],
        ] as Array<[number, ReturnType<typeof histogram>]>,
      },
      {
        metric: { a: '2' },
        histograms: [[1, histogram([[0, '1', '2', '4']])]] as Array<[number, ReturnType<typeof histogram>]>,
      },
    ],
  };
  const matrix = matrixOf(raw, { startMs: 1000, endMs: 2000, stepMs: 1000 });
  expect(matrix.buckets).toBe(true);
  const drawing = heatOf(matrix, 'seconds');
  expect(drawing.lines.map((line) => line.values)).toEqual([
    [5, 3],
    [2, null],
  ]);
  expect(drawing.lines.map((line) => line.labels.le)).toEqual(['2', '1']);
  expect(busiestOf(drawing)).toBe(5);
});
