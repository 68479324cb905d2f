import { describe, expect, it } from 'vitest';
import { CONTROL_PLANE, withCluster } from './panels';

const M = 'cluster="a"';

describe('withCluster', () => {
  it('narrows selectors with and without matchers, once', () => {
    expect(withCluster('max(etcd_server_proposals_pending)', M)).toBe(
      'max(etcd_server_proposals_pending{cluster="a"})',
    );
    expect(withCluster('rate(apiserver_request_total{code="500"}[$s])', M)).toBe(
      'rate(apiserver_request_total{code="500",cluster="a"}[$s])',
    );
    expect(withCluster('rate(x_bucket{}[$s])', M)).toBe('rate(x_bucket{cluster="a"}[$s])');
  });
  it('reaches every metric of every panel', () => {
    const t = (key: string): string => key;
    for (const { panels } of CONTROL_PLANE) {
      for (const panel of panels) {
        for (const { expr } of panel.queries(t)) {
          const narrowed = withCluster(expr, M);
          const selectors = narrowed.match(/\b(apiserver|etcd|scheduler|workqueue)_\w+/g) ?? [];
          expect(narrowed.split(M).length - 1, narrowed).toBe(selectors.length);
          expect(expr, 'the metric that a panel requires is among its queries').toMatch(/_/);
        }
        expect(
          panel.queries(t).some(({ expr }) => expr.includes(panel.requires)),
          panel.title,
        ).toBe(true);
      }
    }
  });
});
