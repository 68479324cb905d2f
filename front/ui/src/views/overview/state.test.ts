import { describe, expect, it } from 'vitest';
import { translate } from '../../i18n/translate';
import { type FactName, type Facts, factsOf } from './facts';
import { stateOf } from './state';

const en = (key: Parameters<typeof translate>[1], params?: Parameters<typeof translate>[2]): string =>
  translate('en', key, params);
const facts = (numbers: Partial<Record<FactName, number>>, more: Facts = {}): Facts => ({
  ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, [{ value, labels: {} }]])),
  ...more,
});
const GIB = 2 ** 30;
const calm = facts(
  {
    cores: 4,
    cpuBusy: 0.12,
    cpuWaiting: 0.01,
    memoryWaiting: 0,
    ioWaiting: 0,
    memoryTotal: 100,
    memoryAvailable: 59,
  },
  { disk: [{ value: 0.03, labels: { device: 'vda' } }] },
);
const said = (given: Facts): string => stateOf(given, en).sentence.replaceAll('\u00a0', ' ');

describe('the sentence', () => {
  it('says so when nothing is starved', () => {
    expect(said(calm)).toBe('Nothing is starved. CPU 12.0 %, memory 41.0 % used, busiest disk vda 3.0 %.');
    expect(stateOf(calm, en).severity).toBe('good');
  });
  it('names what is short, by how much, and who', () => {
    const short = {
      ...calm,
      memoryWaiting: [{ value: 0.18, labels: {} }],
      largest: [{ value: 6.1 * GIB, labels: { comm: 'java', pid: '812' } }],
    };
    expect(said(short)).toBe(
      'Memory is short: processes waited 18.0 % of the last minute for memory; biggest: java (pid 812), 6.10 GiB.',
    );
    expect(stateOf(short, en).severity).toBe('warning');
  });
  it('puts the worst first and counts the rest', () => {
    const bad = {
      ...calm,
      ioWaiting: [{ value: 0.3, labels: {} }],
      oomKills: [{ value: 2, labels: {} }],
      down: [{ value: 0, labels: { job: 'cadvisor' } }],
    };
    const state = stateOf(bad, en);
    expect(state.severity).toBe('critical');
    expect(state.findings.map((finding) => finding.section)).toEqual(['memory', 'system', 'disk']);
    expect(state.sentence).toContain('2 more findings');
  });
  it('uses load where the kernel reports no pressure', () => {
    expect(said(facts({ cores: 2, load: 9 }))).toContain('load 9 on 2 cores');
  });
  it('is honest without data', () => {
    expect(stateOf({}, en).severity).toBe('unknown');
    expect(said({})).toContain('No measurements');
  });
  it('speaks Chinese with the same numbers', () => {
    const zh = stateOf(calm, (key, params) => translate('zh', key, params)).sentence;
    expect(zh).toContain('资源充足');
    expect(zh).toContain('vda');
  });
});

describe('factsOf', () => {
  it('leaves out what has no number', () => {
    expect(factsOf({ load: [], cores: undefined, disk: [{ labels: {}, value: null }] })).toEqual({});
  });
});
