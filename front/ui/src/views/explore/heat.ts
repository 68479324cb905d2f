// Native histograms as a heat map: a row a bucket, the largest values on top.
import type { Matrix } from '../../api/prometheus';
import type { Drawing } from '../../chart/drawing';
import { formatValue, type Unit } from '../../format/units';

/** The rows of the heat map, named by the bounds of their buckets. */
export function heatOf(matrix: Matrix, unit: Unit): Drawing {
  const bound = (text: string | undefined): number => Number((text ?? '').replace('Inf', 'Infinity'));
  const name = (text: string | undefined): string =>
    Number.isFinite(bound(text)) ? formatValue(bound(text), unit) : (text ?? '');
  const rows = [...matrix.series].sort((a, b) => bound(b.labels.le) - bound(a.labels.le));
  return {
    startMs: matrix.startMs,
    endMs: matrix.endMs,
    stepMs: matrix.stepMs,
    common: '',
    lines: rows.map(({ labels, values }) => ({
      name: name(labels.le),
      labels,
      values,
      color: null,
      limit: false,
      other: false,
    })),
  };
}

/** The fullest cell: the one with the full colour. */
export function busiestOf(drawing: Drawing): number {
  let top = 0;
  for (const line of drawing.lines) for (const value of line.values) top = Math.max(top, value ?? 0);
  return top > 0 ? top : 1;
}
