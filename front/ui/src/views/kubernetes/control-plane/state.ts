// The sentence about a control plane.
import type { Cluster } from '../../../api/kubernetes';
import type { Language, Translate } from '../../../i18n/translate';
import type { Severity } from '../../../parts/StateLine';
import { RANK, SEVERITY, stateText } from '../words';

export function controlPlaneState(
  parts: Cluster['controlPlane'],
  t: Translate,
  language: Language,
): { severity: Severity; text: string } {
  const [worst] = [...parts].sort((a, b) => RANK[b.state.severity] - RANK[a.state.severity]);
  if (worst === undefined) return { severity: 'unknown', text: t('k8s.noControlPlane') };
  const bad = parts.filter(({ state }) => RANK[state.severity] >= RANK.unknown);
  if (bad.length === 0) {
    return {
      severity: SEVERITY[worst.state.severity],
      text: t('cp.calm', { count: parts.length }),
    };
  }
  return {
    severity: SEVERITY[worst.state.severity],
    text: t('cp.bad', {
      bad: bad.length,
      count: parts.length,
      name: worst.component,
      why: stateText(worst.state, language),
    }),
  };
}
