import { describe, expect, it } from 'vitest';
import { rank } from './search';

const list = [
  'node_cpu_seconds_total',
  'node_memory_MemFree_bytes',
  'cpu',
  'process_cpu_time_seconds_total',
].map((text) => ({ id: text, text }));

describe('rank', () => {
  it('puts beginnings and short names first', () => {
    expect(rank('cpu', list, 9).map((each) => each.text)).toEqual([
      'cpu',
      'node_cpu_seconds_total',
      'process_cpu_time_seconds_total',
    ]);
  });
  it('wants every word', () => {
    expect(rank('node cpu', list, 9).map((each) => each.text)).toEqual(['node_cpu_seconds_total']);
    expect(rank('nothing', list, 9)).toEqual([]);
  });
  it('looks into further words too', () => {
    expect(rank('812', [{ id: '1', text: 'java', more: '812' }], 9)).toHaveLength(1);
  });
});
