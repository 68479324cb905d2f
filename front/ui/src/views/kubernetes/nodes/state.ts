// The sentence about the nodes of a cluster.
import type { ClusterNode } from '../../../api/kubernetes';
import type { Language, Translate } from '../../../i18n/translate';
import type { Severity } from '../../../parts/StateLine';
import { RANK, SEVERITY, stateText } from '../words';

/** Who is worst and why, or that all are ready and how full they are. */
export function nodesState(
  nodes: readonly ClusterNode[],
  t: Translate,
  language: Language,
): { severity: Severity; text: string } {
  const [worst] = [...nodes].sort((a, b) => RANK[b.state.severity] - RANK[a.state.severity]);
  if (worst === undefined) return { severity: 'unknown', text: t('k8s.noNodes') };
  const bad = nodes.filter(({ state }) => RANK[state.severity] >= RANK.unknown);
  if (bad.length > 0) {
    return {
      severity: SEVERITY[worst.state.severity],
      text: t('k8s.badNodes', {
        bad: bad.length,
        count: nodes.length,
        name: worst.name,
        why: stateText(worst.state, language),
      }),
    };
  }
  return {
    severity: 'good',
    text: t(nodes.length === 1 ? 'k8s.goodNode' : 'k8s.goodNodes', { count: nodes.length }),
  };
}
