// The next command for a finding: it shows more, or does what is advised; none changes what it was not advised to.
import type { ObjectFinding } from '../../api/kubernetes';

const LOGS = new Set(['crash_loop', 'container_failed', 'restarted']);

/** A name as a word of a shell; names of Kubernetes need no quotes, but they come from outside. */
function word(text: string): string {
  return /^[\w.@:/=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A command of kubectl, or null where looking at the page is all there is. */
export function commandFor({
  code,
  object,
  values,
}: Pick<ObjectFinding, 'code' | 'object' | 'values'>): string | null {
  const { kind, namespace, name } = object;
  const kubectl = namespace === '' ? 'kubectl' : `kubectl -n ${word(namespace)}`;
  const container = values.container;
  if (kind === 'Pod' && LOGS.has(code) && container !== undefined) {
    return `${kubectl} logs ${word(name)} -c ${word(container)} --previous`;
  }
  if (kind === 'Pod' && code === 'not_ready' && container !== undefined) {
    return `${kubectl} logs ${word(name)} -c ${word(container)} --tail=50`;
  }
  if (code === 'rollout_stuck') return `${kubectl} rollout undo ${word(`deployment/${name}`)}`;
  if (code === 'cordoned') return `kubectl uncordon ${word(name)}`;
  if (code === 'exists') return null;
  return `${kubectl} describe ${word(kind.toLowerCase())} ${word(name)}`;
}
