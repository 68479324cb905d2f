// The options of one uPlot canvas: axes with units, zero base, gaps, stacks, heat rows, shared cursor.
import uPlot from 'uplot';
import { clockTime } from '../format/clock';
import { formatTicks, formatValue, type Unit } from '../format/units';
import { type Drawing, instantsOf, type Line, stackedValues } from './drawing';

const AXIS_WIDTH = 62;
const TOOLTIP_ROWS = 10;
const MIN_DRAG_PX = 6;

/** How far an axis reaches at least where nothing else is asked: a flat zero needs no fractions. */
const FLOORS: Partial<Record<Unit, number>> = { 'bytes/s': 1024, bytes: 1024, 'count/s': 1, count: 4 };

/** `steps` are stacked counts, each of which holds for a whole step. */
export type PlotKind = 'lines' | 'stacked' | 'steps' | 'heat';

const isStacked = (kind: PlotKind): boolean => kind === 'stacked' || kind === 'steps';

export interface PlotOptions {
  kind: PlotKind;
  unit: Unit;
  /** The axis reaches at least this far, so that noise near zero stays small. */
  softMax?: number;
  /** Charts with the same key share cursor. */
  syncKey: string;
  width: number;
  height: number;
  pinMs: number | null;
  onZoom: (fromMs: number, toMs: number) => void;
  onZoomOut: () => void;
  onPin: (atMs: number) => void;
}

interface Ink {
  grid: string;
  text: string;
  limit: string;
  other: string;
  accent: string;
  heat: string;
  colors: string[];
}

function inkOf(element: Element): Ink {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    grid: token('--n3'),
    text: token('--n6'),
    limit: token('--n6'),
    other: token('--series-other'),
    accent: token('--accent'),
    heat: token('--heat'),
    colors: Array.from({ length: 10 }, (_, idx) => token(`--series-${idx}`)),
  };
}

const pad = (value: number): string => String(value).padStart(2, '0');

/** Labels of the time axis: seconds only where ticks are that close, the date where a day begins. */
function timeTicks(_: uPlot, ticks: number[], __: number, ___: number, distance: number): string[] {
  return ticks.map((seconds) => {
    const date = new Date(seconds * 1000);
    const midnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
    if (distance >= 86_400 || midnight) return `${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
    return distance < 60 ? clockTime(seconds * 1000) : `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  });
}

/** Points that stand alone between gaps: a line cannot show them. */
function lonePoints(values: ArrayLike<number | null | undefined>): number[] {
  const lone: number[] = [];
  for (let idx = 0; idx < values.length; idx += 1) {
    if (values[idx] != null && values[idx - 1] == null && values[idx + 1] == null) lone.push(idx);
  }
  return lone;
}

/** Distances of ticks that are round in powers of 1024. */
const BYTE_TICKS = Array.from({ length: 60 }, (_, power) => 2 ** power);

/** What the plot draws, as its columns. */
export function columnsOf(drawing: Drawing, kind: PlotKind): uPlot.AlignedData {
  const rows = isStacked(kind) ? stackedValues(drawing.lines) : drawing.lines.map((line) => line.values);
  return [instantsOf(drawing), ...rows] as uPlot.AlignedData;
}

const STEPS = uPlot.paths.stepped?.({ align: 1 });

function seriesOf(lines: readonly Line[], kind: PlotKind, ink: Ink): uPlot.Series[] {
  return lines.map((line) => {
    const color = line.limit
      ? ink.limit
      : line.color === null
        ? ink.other
        : (ink.colors[line.color] ?? ink.other);
    const stacked = isStacked(kind) && !line.limit;
    return {
      label: line.name,
      stroke: color,
      width: stacked ? 0 : line.other ? 0.75 : 1.25,
      dash: line.limit ? [4, 4] : undefined,
      fill: stacked ? `${color}b8` : undefined,
      spanGaps: false,
      points: {
        show: true,
        size: 4,
        fill: color,
        filter: (u: uPlot, seriesIdx: number) => lonePoints(u.data[seriesIdx] ?? []),
      },
      ...(kind === 'heat' ? { paths: () => null, points: { show: false } } : {}),
      ...(kind === 'steps' && STEPS !== undefined ? { paths: STEPS, points: { show: false } } : {}),
    } as uPlot.Series;
  });
}

/** Paints one row per line: the fuller the cell, the busier. */
function heatPainter(lines: readonly Line[], ink: Ink, softMax: number): (u: uPlot) => void {
  return (u) => {
    const { ctx } = u;
    const xs = u.data[0];
    const rowHeight = u.bbox.height / Math.max(1, lines.length);
    const stepPx = xs.length > 1 ? u.valToPos(xs[1] ?? 0, 'x', true) - u.valToPos(xs[0] ?? 0, 'x', true) : 1;
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    lines.forEach((line, row) => {
      line.values.forEach((value, idx) => {
        if (value === null) return;
        const share = Math.max(0.05, Math.min(1, value / softMax));
        ctx.fillStyle = `rgba(${ink.heat}, ${share})`;
        const left = u.valToPos(xs[idx] ?? 0, 'x', true) - stepPx;
        ctx.fillRect(left, u.bbox.top + row * rowHeight, stepPx + 0.6, Math.max(1, rowHeight - 1));
      });
    });
    ctx.restore();
  };
}

/** The readout beside the cursor; built by hand because it follows the mouse at full speed. */
function tooltipPlugin(lines: readonly Line[], ink: Ink, unit: Unit): uPlot.Plugin {
  const box = document.createElement('div');
  box.className = 'plot-tooltip';
  box.hidden = true;
  let inside = false;
  return {
    hooks: {
      init: (u) => {
        u.over.append(box);
        u.over.addEventListener('mouseenter', () => {
          inside = true;
        });
        u.over.addEventListener('mouseleave', () => {
          inside = false;
          box.hidden = true;
        });
      },
      setCursor: (u) => {
        const { idx, left, top } = u.cursor;
        if (!inside || idx == null || left == null || top == null || left < 0) {
          box.hidden = true;
          return;
        }
        const rows = lines
          .map((line) => ({ line, value: line.values[idx] ?? null }))
          .filter((row) => row.value !== null)
          .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
        const time = document.createElement('div');
        time.className = 'plot-tooltip-time';
        time.textContent = clockTime((u.data[0][idx] ?? 0) * 1000);
        box.replaceChildren(time);
        for (const { line, value } of rows.slice(0, TOOLTIP_ROWS)) {
          const row = document.createElement('div');
          row.className = 'plot-tooltip-row';
          const mark = document.createElement('i');
          mark.style.background = line.color === null ? ink.other : (ink.colors[line.color] ?? ink.other);
          const name = document.createElement('span');
          name.textContent = line.name;
          const number = document.createElement('b');
          number.textContent = formatValue(value, unit);
          row.append(mark, name, number);
          box.append(row);
        }
        if (rows.length > TOOLTIP_ROWS) {
          const more = document.createElement('div');
          more.className = 'plot-tooltip-time';
          more.textContent = `+ ${rows.length - TOOLTIP_ROWS}`;
          box.append(more);
        }
        box.hidden = false;
        const width = box.offsetWidth;
        const right = left + 14 + width < u.over.clientWidth + 8;
        box.style.transform = `translate(${right ? left + 14 : Math.max(-AXIS_WIDTH, left - width - 14)}px, ${Math.min(top + 8, Math.max(0, u.over.clientHeight - box.offsetHeight))}px)`;
      },
    },
  };
}

/** A click that is neither a drag nor the first half of a double click pins its moment. */
function pinPlugin(options: PlotOptions, ink: Ink): uPlot.Plugin {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let downX = 0;
  return {
    hooks: {
      ready: (u) => {
        u.over.addEventListener('mousedown', (event) => {
          downX = event.clientX;
        });
        u.over.addEventListener('click', (event) => {
          if (Math.abs(event.clientX - downX) > MIN_DRAG_PX || event.detail > 1) return;
          const { left } = u.cursor;
          if (left == null || left < 0) return;
          const atMs = u.posToVal(left, 'x') * 1000;
          timer = setTimeout(() => options.onPin(atMs), 260);
        });
        u.over.addEventListener('dblclick', () => {
          clearTimeout(timer);
          options.onZoomOut();
        });
      },
      destroy: () => clearTimeout(timer),
      draw: (u) => {
        if (options.pinMs === null) return;
        const x = Math.round(u.valToPos(options.pinMs / 1000, 'x', true)) + 0.5;
        if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) return;
        const { ctx } = u;
        ctx.save();
        ctx.strokeStyle = ink.accent;
        ctx.lineWidth = devicePixelRatio;
        ctx.beginPath();
        ctx.moveTo(x, u.bbox.top);
        ctx.lineTo(x, u.bbox.top + u.bbox.height);
        ctx.stroke();
        ctx.restore();
      },
    },
  };
}

function bandsOf(lines: readonly Line[]): uPlot.Band[] {
  const bands: uPlot.Band[] = [];
  for (let idx = 1; idx < lines.length; idx += 1) {
    if (!lines[idx]?.limit) bands.push({ series: [idx + 1, idx] });
  }
  return bands;
}

/** Makes the plot inside `host`. */
export function makePlot(host: HTMLElement, drawing: Drawing, options: PlotOptions): uPlot {
  const ink = inkOf(host);
  const { lines } = drawing;
  const heat = options.kind === 'heat';
  const font = `11px ${getComputedStyle(host).fontFamily}`;
  const axis: uPlot.Axis = {
    stroke: ink.text,
    font,
    grid: { stroke: ink.grid, width: 1 },
    ticks: { show: false },
  };
  const rows = Math.max(1, lines.length);
  const everyRow = Math.ceil((rows * 12) / Math.max(1, options.height - 30));
  return new uPlot(
    {
      width: options.width,
      height: options.height,
      // Half of a time with seconds, which stands at the end of the axis.
      padding: [8, 28, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: options.syncKey, setSeries: false },
        drag: { x: true, y: false, setScale: false, dist: MIN_DRAG_PX },
        y: false,
        points: heat ? { show: false } : { size: 5, width: 0 },
        bind: { dblclick: () => null },
      },
      focus: { alpha: 0.25 },
      scales: {
        x: { time: true, range: () => [drawing.startMs / 1000, drawing.endMs / 1000] },
        y: {
          range: heat
            ? () => [0, rows]
            : (_, min, max) => {
                const top = Math.max(max ?? 0, options.softMax ?? FLOORS[options.unit] ?? 0);
                const bottom = Math.min(min ?? 0, 0);
                return [bottom < 0 ? bottom * 1.08 : 0, top > 0 ? top * 1.08 : bottom < 0 ? 0 : 1];
              },
        },
      },
      axes: [
        { ...axis, size: 22, gap: 4, space: 64, values: timeTicks },
        heat
          ? {
              ...axis,
              size: AXIS_WIDTH,
              gap: 6,
              grid: { show: false },
              splits: () => lines.map((_, idx) => rows - idx - 0.5),
              values: () => lines.map((line, idx) => (idx % everyRow === 0 ? line.name : '')),
            }
          : {
              ...axis,
              size: AXIS_WIDTH,
              gap: 6,
              space: 26,
              ...(options.unit === 'bytes' || options.unit === 'bytes/s' ? { incrs: BYTE_TICKS } : {}),
              values: (_, ticks) => formatTicks(ticks, options.unit),
            },
      ],
      series: [{}, ...seriesOf(lines, options.kind, ink)],
      bands: isStacked(options.kind) ? bandsOf(lines) : [],
      plugins: [tooltipPlugin(lines, ink, options.unit), pinPlugin(options, ink)],
      hooks: {
        setSelect: [
          (u) => {
            const { left, width } = u.select;
            if (width < MIN_DRAG_PX) return;
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            options.onZoom(u.posToVal(left, 'x') * 1000, u.posToVal(left + width, 'x') * 1000);
          },
        ],
        draw: heat ? [heatPainter(lines, ink, options.softMax ?? 1)] : [],
      },
    },
    columnsOf(drawing, options.kind),
    host,
  );
}
