// One uPlot canvas in React: made anew when its shape changes, fed when only its numbers do.
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Unit } from '../format/units';
import { useTheme } from '../preferences/theme';
import type { Drawing } from './drawing';
import { columnsOf, makePlot, type PlotKind } from './plot';
import './plot.css';

interface Props {
  drawing: Drawing;
  kind: PlotKind;
  unit: Unit;
  softMax?: number | undefined;
  height: number;
  label: string;
  pinMs: number | null;
  /** The line that stands out while its legend row is pointed at. */
  focused: number | null;
  onZoom: (fromMs: number, toMs: number) => void;
  onZoomOut: () => void;
  onPin: (atMs: number) => void;
}

/** What makes a new plot necessary; everything else is fed into the one that stands. */
function shapeOf(drawing: Drawing): string {
  return drawing.lines.map((line) => `${line.name}\u0000${line.color}\u0000${line.other}`).join('\u0001');
}

export function TimeChart(props: Props) {
  const { drawing, kind, unit, softMax, height, label, pinMs, focused } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const [width, setWidth] = useState(0);
  const { theme } = useTheme();
  const shape = shapeOf(drawing);
  // The plot reads the drawing through this object, so that new numbers reach axes and tooltip.
  const current = useRef<Drawing>(drawing);

  useLayoutEffect(() => {
    const element = host.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    setWidth(Math.floor(element.getBoundingClientRect().width));
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = host.current;
    if (element === null || width === 0) return;
    current.current = { ...latest.current.drawing, lines: [...latest.current.drawing.lines] };
    const made = makePlot(element, current.current, {
      kind,
      unit,
      ...(softMax === undefined ? {} : { softMax }),
      syncKey: 'page',
      width,
      height,
      pinMs,
      onZoom: (from, to) => latest.current.onZoom(from, to),
      onZoomOut: () => latest.current.onZoomOut(),
      onPin: (at) => latest.current.onPin(at),
    });
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [shape, theme, kind, unit, softMax, width, height, pinMs]);

  useEffect(() => {
    const made = plot.current;
    if (made === null || drawing === current.current) return;
    const target = current.current;
    target.startMs = drawing.startMs;
    target.endMs = drawing.endMs;
    target.stepMs = drawing.stepMs;
    drawing.lines.forEach((line, idx) => {
      const held = target.lines[idx];
      if (held !== undefined) target.lines[idx] = Object.assign(held, line);
    });
    made.setData(columnsOf(drawing, kind));
  }, [drawing, kind]);

  useEffect(() => {
    plot.current?.setSeries(focused === null ? null : focused + 1, { focus: true });
  }, [focused]);

  return <div ref={host} role="img" aria-label={label} className="plot-host" style={{ height }} />;
}
