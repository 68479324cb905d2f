import { describe, expect, it } from 'vitest';
import { clusterMatcher, isOfNode, podMatchers, sumByWorkload, valueOfNode, workloadKeys } from './usage';

/** How PromQL reads a regular expression: it must match all of the text. */
function matches(matchers: string | null, pod: string): boolean {
  const pattern = /pod=~("(?:[^"\\]|\\.)*")/.exec(matchers ?? '')?.[1];
  return pattern !== undefined && new RegExp(`^(?:${JSON.parse(pattern) as string})$`).test(pod);
}

describe('podMatchers', () => {
  it('finds the pods of a workload and not those of one with a longer name', () => {
    const cart = podMatchers({ kind: 'Deployment', namespace: 'shop', name: 'cart' });
    expect(matches(cart, 'cart-7d9f5c9b4-x2xkq')).toBe(true);
    expect(matches(cart, 'cart-worker-7d9f5c9b4-x2xkq')).toBe(false);
    const db = podMatchers({ kind: 'StatefulSet', namespace: 'shop', name: 'db' });
    expect(matches(db, 'db-12')).toBe(true);
    expect(matches(db, 'db-cache-0')).toBe(false);
    const nightly = podMatchers({ kind: 'CronJob', namespace: 'shop', name: 'nightly' });
    expect(matches(nightly, 'nightly-29000000-abcde')).toBe(true);
    expect(matches(nightly, 'nightly-29000000-3-abcde')).toBe(true);
  });
  it('takes names as they are', () => {
    const dotted = podMatchers({ kind: 'DaemonSet', namespace: 'a', name: 'v1.2' });
    expect(matches(dotted, 'v1.2-abcde')).toBe(true);
    expect(matches(dotted, 'v1x2-abcde')).toBe(false);
    expect(podMatchers({ kind: 'Pod', namespace: 'a', name: 'b' })).toBe('namespace="a",pod="b"');
  });
  it('has none for what has no pods', () => {
    expect(podMatchers({ kind: 'Service', namespace: 'a', name: 'b' })).toBeNull();
  });
});

describe('workloads of owners', () => {
  it('leads ReplicaSets and Jobs to what made them', () => {
    expect(workloadKeys({ namespace: 'shop', owner_kind: 'ReplicaSet', owner_name: 'cart-v2-7d9f' })).toEqual(
      ['Deployment/shop/cart-v2', 'ReplicaSet/shop/cart-v2-7d9f'],
    );
    expect(workloadKeys({ namespace: 'shop', owner_kind: 'Job', owner_name: 'once' })).toEqual([
      'Job/shop/once',
    ]);
  });
  it('adds up what belongs together and leaves out what is not known', () => {
    const use = (owner_name: string, value: number) => ({
      labels: { namespace: 'shop', owner_kind: 'ReplicaSet', owner_name },
      value,
    });
    const known = new Set(['Deployment/shop/cart']);
    const sums = sumByWorkload(
      [use('cart-1', 1), use('cart-2', 2), use('other-1', 4)],
      known,
      (sum: { value: number } | undefined, each) => ({ value: (sum?.value ?? 0) + each.value }),
    );
    expect([...sums].map(([key, { value }]) => [key, value])).toEqual([['Deployment/shop/cart', 3]]);
  });
});

describe('nodes', () => {
  it('are found by name and by where they were scraped', () => {
    expect(isOfNode({ node: 'n1', instance: '10.0.0.2:10250' }, 'n1', '10.0.0.9')).toBe(true);
    expect(isOfNode({ instance: '10.0.0.2:10250' }, 'n1', '10.0.0.2')).toBe(true);
    expect(isOfNode({ node: 'n2', instance: '10.0.0.2:10250' }, 'n1', '10.0.0.2')).toBe(false);
    expect(isOfNode({}, 'n1', '')).toBe(false);
  });
  it('take the first source that knows them', () => {
    const node = { name: 'n1', internalIP: '10.0.0.2' };
    const exporter = [{ labels: { instance: '10.0.0.2:9100' }, value: 2 }];
    expect(valueOfNode([undefined, [], exporter], node)).toBe(2);
    expect(valueOfNode([[{ labels: { node: 'n1' }, value: 1 }], exporter], node)).toBe(1);
    expect(valueOfNode([[]], node)).toBeNull();
  });
});

describe('clusterMatcher', () => {
  it('takes series without a cluster only where there is no other', () => {
    expect(clusterMatcher('a.b', true)).toBe('cluster=~"a\\\\.b|"');
    expect(clusterMatcher('a', false)).toBe('cluster="a"');
  });
});
