import { describe, expect, it } from 'vitest';
import { formatAge, formatExact, formatSpan, formatTicks, formatValue, guessUnit, type Unit } from './units';

/** Shown text with its no-break spaces made plain. */
const shown = (value: number | null | undefined, unit: Unit): string =>
  formatValue(value, unit).replaceAll('\u00a0', ' ');

describe('formatValue', () => {
  it.each<[number | null | undefined, Unit, string]>([
    [0, 'bytes', '0 B'],
    [1023, 'bytes', '1023 B'],
    [1024, 'bytes', '1.00 KiB'],
    [1.5 * 2 ** 30, 'bytes', '1.50 GiB'],
    [1023.9 * 2 ** 20, 'bytes', '1.00 GiB'],
    [125_000, 'bytes/s', '122 KiB/s'],
    [0.1234, 'ratio', '12.3 %'],
    [0.0001, 'ratio', '<0.1 %'],
    [0, 'ratio', '0 %'],
    [1, 'ratio', '100 %'],
    [2.5, 'ratio', '250 %'],
    [0.00034, 'seconds', '340 µs'],
    [1.2, 'seconds', '1.20 s'],
    [90, 'seconds', '90.0 s'],
    [7200, 'seconds', '2.00 h'],
    [999, 'count', '999'],
    [1000, 'count', '1.00 k'],
    [1_934_567, 'count', '1.93 M'],
    [4, 'number', '4'],
    [0.0456, 'number', '0.0456'],
    [12.34, 'count/s', '12.3 /s'],
    [4100, 'count/s', '4.10 k/s'],
    [3.2e9, 'hertz', '3.20 GHz'],
    [-5, 'number', '−5'],
  ])('%s as %s is %s', (value, unit, text) => expect(shown(value, unit)).toBe(text));

  it('never shows a missing number as NaN or nothing', () => {
    for (const missing of [null, undefined, Number.NaN]) expect(shown(missing, 'bytes')).toBe('–');
    expect(shown(Number.POSITIVE_INFINITY, 'count')).toBe('∞');
    expect(formatExact(Number.NaN, 'ratio')).toBe('–');
  });
});

describe('formatTicks', () => {
  const plain = (ticks: number[], unit: Unit): string[] =>
    formatTicks(ticks, unit).map((tick) => tick.replaceAll('\u00a0', ' '));
  it('gives all ticks of an axis one unit', () => {
    expect(plain([0, 2 ** 29, 2 ** 30], 'bytes')).toEqual(['0', '0.5 GiB', '1.0 GiB']);
    expect(plain([0, 0.1, 0.2], 'ratio')).toEqual(['0', '10 %', '20 %']);
    expect(plain([0, 0.0005, 0.001], 'seconds')).toEqual(['0', '0.5 ms', '1.0 ms']);
  });
});

describe('spans', () => {
  const plain = (text: string): string => text.replaceAll('\u00a0', ' ');
  it('shows the two largest units', () => {
    expect(plain(formatSpan(3_725_000))).toBe('1 h 2 min');
    expect(plain(formatSpan(86_400_000))).toBe('1 d');
    expect(plain(formatSpan(850))).toBe('850 ms');
    expect(plain(formatAge(3_725_000))).toBe('1 h');
    expect(formatSpan(Number.POSITIVE_INFINITY)).toBe('–');
  });
});

describe('guessUnit', () => {
  it.each<[string, Unit]>([
    ['rate(node_cpu_seconds_total[1m])', 'ratio'],
    ['node_cpu_seconds_total', 'seconds'],
    ['node_memory_MemFree_bytes', 'bytes'],
    ['sum by (pid) (rate(process_disk_io_bytes_total{direction="read"}[20s]))', 'bytes/s'],
    ['rate(node_context_switches_total[1m])', 'count/s'],
    ['node_load1', 'number'],
    ['node_cpu_scaling_frequency_hertz', 'hertz'],
    ['process_start_time_seconds', 'timestamp'],
    ['time() - process_start_time_seconds', 'seconds'],
    ['1 - node_filesystem_avail_bytes / node_filesystem_size_bytes', 'ratio'],
    ['rate(node_disk_read_time_seconds_total[1m]) / rate(node_disk_reads_completed_total[1m])', 'seconds'],
    ['count(node_cpu_seconds_total)', 'count'],
    ['up', 'number'],
  ])('%s is %s', (expr, unit) => expect(guessUnit(expr)).toBe(unit));
});
