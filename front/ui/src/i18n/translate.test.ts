import { describe, expect, it } from 'vitest';
import { en } from './en';
import { translate } from './translate';
import { zh } from './zh';

const places = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

describe('the catalogue', () => {
  it('has the same keys and the same places in both languages', () => {
    expect(Object.keys(zh)).toEqual(Object.keys(en));
    for (const key of Object.keys(en) as Array<keyof typeof en>) {
      expect([key, places(zh[key])]).toEqual([key, places(en[key])]);
    }
  });
  it('fills places and leaves unknown ones to be seen', () => {
    expect(translate('en', 'vital.of', { total: '1 GiB' })).toBe('of 1 GiB');
    expect(translate('en', 'vital.of', {})).toBe('of {total}');
  });
});
