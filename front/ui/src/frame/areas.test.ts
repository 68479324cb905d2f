import { describe, expect, it } from 'vitest';
import { areaAt, areasOf } from './areas';

describe('areas', () => {
  it('of clusters are there only where a cluster is', () => {
    expect(areasOf(undefined).some(({ path }) => path.startsWith('/clusters'))).toBe(false);
    expect(areasOf('shop eu').map(({ path }) => path)).toContain('/clusters/shop%20eu/nodes');
  });
  it('have letters of their own', () => {
    const letters = areasOf('a').map(({ letter }) => letter);
    expect(new Set(letters).size).toBe(letters.length);
  });
  it('are found by address, the closest first', () => {
    const areas = areasOf('a');
    const named = (path: string): string | undefined => areaAt(areas, path)?.name;
    expect(named('/')).toBe('area.overview');
    expect(named('/clusters')).toBe('area.clusters');
    expect(named('/clusters/a/nodes/n1')).toBe('area.nodes');
    expect(named('/clusters/a/objects/Deployment/shop/cart')).toBe('area.workloads');
    expect(named('/nowhere')).toBeUndefined();
  });
});
