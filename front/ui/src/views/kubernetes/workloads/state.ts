// The sentence about the workloads of a cluster.
import type { Workload } from '../../../api/kubernetes';
import type { Language, Translate } from '../../../i18n/translate';
import type { Severity } from '../../../parts/StateLine';
import { refName, SEVERITY, stateText } from '../words';

/** What does not work and why, from a list whose worst stand first. */
export function workloadsState(
  workloads: readonly Workload[],
  total: number,
  t: Translate,
  language: Language,
): { severity: Severity; text: string } | null {
  const [worst] = workloads;
  if (worst === undefined) return null;
  const count = (severity: string): number =>
    workloads.filter(({ state }) => state.severity === severity).length;
  const critical = count('critical');
  const warning = count('warning');
  if (critical + warning === 0) {
    return {
      severity: 'good',
      text: t(total === 1 ? 'k8s.goodWorkload' : 'k8s.goodWorkloads', { count: total }),
    };
  }
  const bad = critical > 0 ? critical : warning;
  const word = critical > 0 ? 'broken' : 'doubtful';
  return {
    severity: SEVERITY[worst.state.severity],
    text: t(bad === 1 ? `k8s.${word}One` : `k8s.${word}`, {
      bad,
      count: total,
      name: refName(worst),
      why: stateText(worst.state, language),
    }),
  };
}
