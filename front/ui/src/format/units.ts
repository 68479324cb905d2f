// One unit rule for the whole page: three significant digits, IEC bytes, SI counts, `/s` for rates.
// A missing number is always an en dash, never "NaN" or an empty cell.

export type Unit =
  | 'ratio'
  | 'bytes'
  | 'bytes/s'
  | 'count'
  | 'count/s'
  | 'seconds'
  | 'hertz'
  | 'celsius'
  | 'timestamp'
  | 'number';

export const MISSING = '–';
const SPACE = '\u00a0';

const IEC = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const SI = ['', 'k', 'M', 'G', 'T', 'P'];
const SECONDS: ReadonlyArray<readonly [number, string]> = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
];

/** Three significant digits of a number below 1000; integers keep no decimals when `integer` is set. */
function significant(value: number, integer: boolean): string {
  const size = Math.abs(value);
  if (integer && Number.isInteger(value)) return String(value);
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 0.9995 || value === 0) return value.toFixed(value === 0 ? 0 : 2);
  return String(Number(value.toPrecision(3)));
}

/** The power of `base` that brings `size` below it, with the index of its prefix. */
function scaleOf(size: number, base: number, names: readonly string[]): { factor: number; idx: number } {
  let idx = 0;
  let factor = 1;
  // 999.5 would print as 1000: it belongs to the next prefix.
  while (idx < names.length - 1 && size / factor >= base - 0.5) {
    factor *= base;
    idx += 1;
  }
  return { factor, idx };
}

function secondsScale(size: number): readonly [number, string] {
  const last: readonly [number, string] = [1e-9, 'ns'];
  if (size === 0) return [1, 's'];
  // Days and hours start at two of them, so that 90 min stays readable.
  return SECONDS.find(([factor]) => size >= (factor >= 60 ? 2 * factor : factor)) ?? last;
}

interface Scaled {
  factor: number;
  suffix: string;
}

/** The factor and the suffix that all numbers around `size` share: used for a value and for an axis. */
export function scaleFor(size: number, unit: Unit): Scaled {
  const magnitude = Math.abs(size);
  switch (unit) {
    case 'ratio':
      return { factor: 0.01, suffix: `${SPACE}%` };
    case 'bytes':
    case 'bytes/s': {
      const { factor, idx } = scaleOf(magnitude, 1024, IEC);
      return { factor, suffix: `${SPACE}${IEC[idx]}${unit === 'bytes/s' ? '/s' : ''}` };
    }
    case 'seconds': {
      const [factor, name] = secondsScale(magnitude);
      return { factor, suffix: `${SPACE}${name}` };
    }
    case 'celsius':
      return { factor: 1, suffix: `${SPACE}°C` };
    default: {
      const { factor, idx } = scaleOf(magnitude, 1000, SI);
      const prefix = SI[idx] ?? '';
      const tail = unit === 'hertz' ? 'Hz' : unit === 'count/s' ? '/s' : '';
      const spaced = prefix !== '' || tail === 'Hz' ? `${SPACE}${prefix}${tail}` : tail;
      return { factor, suffix: unit === 'count/s' && prefix === '' ? `${SPACE}/s` : spaced };
    }
  }
}

/** A number for people: `12.3 %`, `1.21 GiB`, `340 µs`, `4.10 k/s`. */
export function formatValue(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || Number.isNaN(value)) return MISSING;
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (unit === 'timestamp') return new Date(value * 1000).toLocaleString();
  const { factor, suffix } = scaleFor(value, unit);
  const scaled = value / factor;
  if (unit === 'ratio') return formatPercent(scaled) + suffix;
  const integer = unit === 'count' || unit === 'bytes' || unit === 'number';
  return significant(scaled, integer && factor === 1).replace('-', '−') + suffix;
}

/** Percentages have at most one decimal: their points stand under each other in a column. */
function formatPercent(percent: number): string {
  const size = Math.abs(percent);
  if (size === 0) return '0';
  if (size < 0.05) return '<0.1';
  return (size >= 99.95 ? percent.toFixed(0) : percent.toFixed(1)).replace('-', '−');
}

/** Labels of an axis: one unit and as many decimals as the distance of the ticks needs. */
export function formatTicks(ticks: ReadonlyArray<number | null>, unit: Unit): string[] {
  const numbers = ticks.filter((tick): tick is number => tick !== null);
  const largest = Math.max(0, ...numbers.map(Math.abs));
  const { factor, suffix } = scaleFor(largest, unit === 'timestamp' ? 'number' : unit);
  const [first, second] = numbers;
  const distance = first !== undefined && second !== undefined ? Math.abs(second - first) / factor : 1;
  const decimals = distance > 0 ? Math.min(6, Math.max(0, -Math.floor(Math.log10(distance) + 1e-9))) : 0;
  const exact = Math.abs(distance * 10 ** decimals - Math.round(distance * 10 ** decimals)) < 1e-6;
  return ticks.map((tick) => {
    if (tick === null) return '';
    if (tick === 0) return '0';
    return (tick / factor).toFixed(exact ? decimals : decimals + 1).replace('-', '−') + suffix;
  });
}

/** The exact value, for hovers and copies. */
export function formatExact(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || Number.isNaN(value)) return MISSING;
  const tail: Record<Unit, string> = {
    ratio: '',
    bytes: ' B',
    'bytes/s': ' B/s',
    count: '',
    'count/s': ' /s',
    seconds: ' s',
    hertz: ' Hz',
    celsius: ' °C',
    timestamp: '',
    number: '',
  };
  return unit === 'ratio' ? `${Number((value * 100).toPrecision(9))} %` : `${value}${tail[unit]}`;
}

/** A span of time in its two largest units: `3 d 4 h`, `12 min 5 s`, `850 ms`. */
export function formatSpan(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return MISSING;
  if (ms < 0) return `0${SPACE}s`;
  if (ms < 1000) return formatValue(ms / 1000, 'seconds');
  const steps: ReadonlyArray<readonly [number, string]> = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1000, 's'],
  ];
  const at = steps.findIndex(([size]) => ms >= size);
  const [size, name] = steps[at] ?? [1000, 's'];
  const whole = Math.floor(ms / size);
  const below = steps[at + 1];
  const rest = below ? Math.floor((ms - whole * size) / below[0]) : 0;
  return below && rest > 0 ? `${whole}${SPACE}${name} ${rest}${SPACE}${below[1]}` : `${whole}${SPACE}${name}`;
}

/** A span of time in its largest unit, for columns: `3 d`, `12 min`. */
export function formatAge(ms: number | null | undefined): string {
  return formatSpan(ms).split(' ')[0] ?? MISSING;
}

const RATE = /\b(i?rate|deriv)\s*\(/;
const RATIO_WORDS = /(_ratio|_percent|utili[sz]ation)\b/;

/** Guesses the unit of a query from the metric names and functions that stand in it. */
export function guessUnit(expr: string): Unit {
  const text = expr.replace(/\{[^}]*\}|"[^"]*"/g, '').replace(/\[[^\]]*\]/g, '');
  const isRate = RATE.test(text);
  const names =
    text.match(/[a-zA-Z_:][\w:]*_[\w:]*/g)?.filter((name) => !/_over_time$|_quantile$/.test(name)) ?? [];
  const name = names[0] ?? '';
  if (/\bcount(_values)?\s*(by|without)?\s*\(|count_over_time|changes\(|resets\(/.test(text)) return 'count';
  // A quotient of the same kind of thing has no unit of its own.
  if (names.length > 1 && /\//.test(text)) {
    const kinds = new Set(names.map((each) => /(bytes|seconds)/.exec(each)?.[1] ?? 'count'));
    if (kinds.size === 1) return /100/.test(text) ? 'number' : 'ratio';
    return kinds.has('seconds') && kinds.has('count') ? 'seconds' : 'number';
  }
  if (/\*\s*100\b|\b100\s*\*/.test(text)) return 'number';
  if (RATIO_WORDS.test(name)) return 'ratio';
  if (/_(start|boot|last_seen|timestamp)(_time)?_seconds$|_last_seen$|_timestamp_seconds$/.test(name)) {
    return /\btime\s*\(\)/.test(text) ? 'seconds' : 'timestamp';
  }
  if (/bytes/.test(name)) return isRate ? 'bytes/s' : 'bytes';
  if (/_octets/i.test(name)) return isRate ? 'bytes/s' : 'bytes';
  // Seconds per second are a share of time.
  if (/seconds/.test(name)) return isRate ? 'ratio' : 'seconds';
  if (/hertz/.test(name)) return 'hertz';
  if (/celsius/.test(name)) return 'celsius';
  if (isRate) return 'count/s';
  return 'number';
}
