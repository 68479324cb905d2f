import { describe, expect, it } from 'vitest';
import type { Cluster, HealthWord } from '../../../api/kubernetes';
import { translate, type Params, type MessageKey } from '../../../i18n/translate';
import { clustersState } from './state';

const en = (key: MessageKey, params?: Params): string => translate('en', key, params);

function cluster(name: string, severity: HealthWord, sentence: string, workloadsCritical = 0): Cluster {
  const state = { severity, code: 'any', sentence, values: {} };
  const totals = { requested: 0, limits: 0, allocatable: 0 };
  return {
    name,
    state,
    version: 'v1.36.3',
    source: 'kubeconfig',
    reachable: true,
    lastError: '',
    synced: true,
    revision: 1,
    counts: {
      nodes: 2,
      nodesReady: 2,
      namespaces: 4,
      pods: 10,
      podsRunning: 9,
      podsPending: 1,
      podsFailed: 0,
      podsSucceeded: 0,
      workloads: 5,
      workloadsCritical,
      workloadsWarning: 0,
      objects: 100,
    },
    resources: { cpu: totals, memory: totals },
    controlPlane: [],
    findings: [],
    kinds: [],
    memory: { objects: 100, bytes: 1000, strings: 10 },
  };
}

describe('the sentence about clusters', () => {
  it('is calm in numbers', () => {
    const one = clustersState([cluster('eu', 'ok', 'all is well')], en, 'en');
    expect(one).toMatchObject({ severity: 'good', text: 'eu: all is well. 2 nodes ready, 9 pods running.' });
    const two = clustersState([cluster('eu', 'ok', 'fine'), cluster('us', 'ok', 'fine')], en, 'en');
    expect(two.text).toBe('All 2 clusters are well: 4 nodes ready, 18 pods running.');
  });
  it('names the worst and puts it first', () => {
    const said = clustersState(
      [
        cluster('a', 'ok', 'fine'),
        cluster('b', 'warning', '2 workloads do not work', 2),
        cluster('c', 'unknown', 'silent'),
      ],
      en,
      'en',
    );
    expect(said.text).toBe('2 of 3 clusters need attention. b: 2 workloads do not work.');
    expect(said.severity).toBe('warning');
    expect(said.order.map(({ name }) => name)).toEqual(['b', 'c', 'a']);
  });
  it('counts beside what is wrong with the only one', () => {
    const { text } = clustersState([cluster('eu', 'warning', '1 workload does not work', 1)], en, 'en');
    expect(text).toBe('eu: 1 workload does not work. 2 of 2 nodes are ready, 9 of 10 pods run.');
  });
});
