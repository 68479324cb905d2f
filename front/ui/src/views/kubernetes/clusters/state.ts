// The sentence about all clusters, and which of them is shown first.
import type { Cluster } from '../../../api/kubernetes';
import type { Language, Translate } from '../../../i18n/translate';
import type { Severity } from '../../../parts/StateLine';
import { RANK, SEVERITY, stateText } from '../words';

export interface ClustersState {
  severity: Severity;
  text: string;
  /** The clusters, those that deserve attention first. */
  order: Cluster[];
}

/** How bad it is with a cluster: by its state, then by what does not work in it. */
function byAttention(a: Cluster, b: Cluster): number {
  return (
    RANK[b.state.severity] - RANK[a.state.severity] ||
    b.counts.workloadsCritical - a.counts.workloadsCritical ||
    b.counts.workloadsWarning - a.counts.workloadsWarning ||
    a.name.localeCompare(b.name)
  );
}

export function clustersState(clusters: readonly Cluster[], t: Translate, language: Language): ClustersState {
  const order = [...clusters].sort(byAttention);
  const [worst] = order;
  if (worst === undefined) return { severity: 'unknown', text: t('k8s.none'), order };
  const severity = SEVERITY[worst.state.severity];
  const said = `${worst.name}${t('k8s.colon')}${stateText(worst.state, language)}`;
  const { counts } = worst;
  const bad = order.filter(({ state }) => RANK[state.severity] >= RANK.unknown);
  if (bad.length === 0) {
    const sum = (count: (cluster: Cluster) => number): number =>
      order.reduce((total, cluster) => total + count(cluster), 0);
    const params = {
      count: order.length,
      name: worst.name,
      nodes: sum(({ counts: each }) => each.nodesReady),
      pods: sum(({ counts: each }) => each.podsRunning),
    };
    const lead = order.length === 1 ? `${said}${t('state.stop')} ` : '';
    return { severity, text: `${lead}${t(order.length === 1 ? 'k8s.calmOne' : 'k8s.calm', params)}`, order };
  }
  if (order.length === 1) {
    const params = {
      ready: counts.nodesReady,
      nodes: counts.nodes,
      running: counts.podsRunning,
      pods: counts.pods,
    };
    return { severity, text: `${said}${t('state.stop')} ${t('k8s.countsOne', params)}`, order };
  }
  return {
    severity,
    text: t('k8s.bad', { bad: bad.length, count: order.length, said }),
    order,
  };
}
