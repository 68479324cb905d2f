// A trend the size of a word. It has no axis: the number beside it is the value.
import { memo } from 'react';

interface Props {
  values: ReadonlyArray<number | null>;
  /** The top of the drawing; the largest value when absent. */
  max?: number | undefined;
  width?: number;
  height?: number;
  color?: string;
}

/** The path of the line; gaps stay gaps. */
export function sparkPath(
  values: ReadonlyArray<number | null>,
  size: { width: number; height: number; max: number },
): string {
  const stepX = values.length > 1 ? size.width / (values.length - 1) : 0;
  let path = '';
  let open = false;
  values.forEach((value, idx) => {
    if (value === null) {
      open = false;
      return;
    }
    const share = size.max > 0 ? Math.min(1, Math.max(0, value / size.max)) : 0;
    const x = (idx * stepX).toFixed(1);
    const y = (size.height - 1 - share * (size.height - 2)).toFixed(1);
    path += `${open ? 'L' : 'M'}${x} ${y}`;
    // A point alone gets a dash, or it would not be seen.
    if (!open && values[idx + 1] == null) path += 'h1';
    open = true;
  });
  return path;
}

export const Sparkline = memo(function Sparkline({ values, max, width = 64, height = 18, color }: Props) {
  const top = max ?? Math.max(0, ...values.map((value) => value ?? 0));
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <path
        d={sparkPath(values, { width, height, max: top })}
        fill="none"
        stroke={color ?? 'var(--series-0)'}
        strokeWidth="1.25"
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
});
