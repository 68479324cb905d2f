// Words for what the server says about objects: severity, sentence, names and addresses.
import type { HealthWord, ObjectRef, ObjectState } from '../../api/kubernetes';
import { ADVICE_ZH, STATES_ZH } from '../../i18n/states.zh';
import type { Language } from '../../i18n/translate';
import type { Severity } from '../../parts/StateLine';

export const SEVERITY: Record<HealthWord, Severity> = {
  ok: 'good',
  progressing: 'notice',
  unknown: 'unknown',
  warning: 'warning',
  critical: 'critical',
};

/** Larger deserves attention first. */
export const RANK: Record<HealthWord, number> = {
  critical: 4,
  warning: 3,
  unknown: 2,
  progressing: 1,
  ok: 0,
};

/** A sentence begins with a capital; names of things at its beginning keep their own. */
export function sentence(text: string): string {
  const first = text.charAt(0);
  return first === '' ? '' : first.toUpperCase() + text.slice(1);
}

/** The sentence of a state in the language of the page; in the words of the server where no translation fits. */
export function stateText(state: ObjectState, language: Language): string {
  const template = language === 'zh' ? STATES_ZH[state.code] : undefined;
  if (template === undefined) return state.sentence;
  const filled = template.replace(/\{(\w+)\}/g, (place, name: string) => state.values[name] || place);
  if (/\{\w+\}/.test(filled)) return state.sentence;
  const { ready, desired } = state.values;
  const isCounted = ready !== undefined && desired !== undefined && state.code !== 'serving';
  if (!isCounted) return filled;
  return state.code === 'running' || state.code === 'starting'
    ? `${desired} 个 Pod 中有 ${ready} 个就绪`
    : `${desired} 个 Pod 中有 ${ready} 个就绪；${filled}`;
}

export function adviceText(finding: { code: string; advice: string }, language: Language): string {
  return language === 'zh' ? (ADVICE_ZH[finding.code] ?? finding.advice) : finding.advice;
}

/** Stands in addresses for the namespace of what belongs to the whole cluster. */
export const NO_NAMESPACE = '-';

/** The identity of an object within its cluster. */
export function refKey({ kind, namespace, name }: Omit<ObjectRef, 'apiVersion'>): string {
  return `${kind}/${namespace}/${name}`;
}

/** `shop/cart`, or the name alone for what belongs to the whole cluster. */
export function refName({ namespace, name }: { namespace: string; name: string }): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** The name of an image without its registry and digest, which are read on hover. */
export function shortImage(image: string): string {
  const name = image.split('/').at(-1) ?? image;
  return name.replace(/@sha256:.*$/, '');
}
