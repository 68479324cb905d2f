// What pods and nodes use: queries over the standard metrics, and whose answers they are.
import { quoted, type Labels, type Sample } from '../../api/prometheus';

/** Containers only: the runtimes also count whole pods and the pause containers that hold their network. */
const CONTAINERS = 'container!="",container!="POD",pod!=""';

/** Matches the series of one cluster, and those of sources that do not name one where there is no other. */
export function clusterMatcher(cluster: string, isOnly: boolean): string {
  return isOnly ? `cluster=~${quoted(`${escapePattern(cluster)}|`)}` : `cluster=${quoted(cluster)}`;
}

/** Text that stands for itself in a regular expression. */
export function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}

// A node agent and the kubelet may both report a container: it is counted once.
const once = (inner: string, by: string): string => `max by (${by}) (${inner})`;

export function cpuOf(matchers: string, by: string): string {
  const inner = `rate(container_cpu_usage_seconds_total{${CONTAINERS},${matchers}}[$s])`;
  return `sum by (${by}) (${once(inner, 'namespace, pod, container')})`;
}

export function memoryOf(matchers: string, by: string): string {
  const inner = `container_memory_working_set_bytes{${CONTAINERS},${matchers}}`;
  return `sum by (${by}) (${once(inner, 'namespace, pod, container')})`;
}

/** Use by the nearest owner of pods, as kube-state-metrics names it. */
export function byOwner(use: string, matchers: string): string {
  const owner = `max by (namespace, pod, owner_kind, owner_name) (kube_pod_owner{${matchers}})`;
  return `sum by (namespace, owner_kind, owner_name) (${use} * on (namespace, pod) group_left (owner_kind, owner_name) ${owner})`;
}

/**
 * The workload that the owner of a pod belongs to: a ReplicaSet is named after its Deployment and a hash, a Job after
 * its CronJob and a time.
 */
export function workloadKeys({ namespace = '', owner_kind = '', owner_name = '' }: Labels): string[] {
  const keys = [`${owner_kind}/${namespace}/${owner_name}`];
  const parent = owner_name.replace(/-[^-]+$/, '');
  if (owner_kind === 'ReplicaSet') keys.unshift(`Deployment/${namespace}/${parent}`);
  if (owner_kind === 'Job' && /-\d+$/.test(owner_name)) keys.unshift(`CronJob/${namespace}/${parent}`);
  return keys;
}

/** Adds values up by workload, for those that are known. */
export function sumByWorkload<T>(
  list: ReadonlyArray<{ labels: Labels } & T>,
  known: ReadonlySet<string>,
  add: (sum: T | undefined, each: T) => T,
): Map<string, T> {
  const sums = new Map<string, T>();
  for (const each of list) {
    const key = workloadKeys(each.labels).find((one) => known.has(one));
    if (key !== undefined) sums.set(key, add(sums.get(key), each));
  }
  return sums;
}

// The endings that controllers give to the names of pods; letters and digits that spell no words.
const RANDOM = '[a-z0-9]{5}';
const PODS_OF: Readonly<Record<string, string>> = {
  Deployment: `-[a-z0-9]{1,10}-${RANDOM}`,
  ReplicaSet: `-${RANDOM}`,
  ReplicationController: `-${RANDOM}`,
  DaemonSet: `-${RANDOM}`,
  StatefulSet: '-[0-9]+',
  Job: `-([0-9]+-)?${RANDOM}`,
  CronJob: `-[0-9]+-([0-9]+-)?${RANDOM}`,
};

/**
 * Matchers of the pods of an object, also of those that are gone; null for what has no pods. Names rather than a join
 * with owners: pods that are long gone have no owner any more that a join would find.
 */
export function podMatchers({
  kind,
  namespace,
  name,
}: Record<'kind' | 'namespace' | 'name', string>): string | null {
  const inNamespace = `namespace=${quoted(namespace)}`;
  if (kind === 'Pod') return `${inNamespace},pod=${quoted(name)}`;
  if (kind === 'Namespace') return `namespace=${quoted(name)}`;
  const ending = PODS_OF[kind];
  return ending === undefined ? null : `${inNamespace},pod=~${quoted(escapePattern(name) + ending)}`;
}

/** Matchers that find a node in the series of whoever reports it: by its name, or by where it was scraped. */
export function nodeMatchers(name: string, address: string): string[] {
  const hosts = [name, address].filter((each) => each !== '').map(escapePattern);
  return [`node=${quoted(name)}`, `instance=~${quoted(`(${hosts.join('|')})(:[0-9]+)?`)}`];
}

/** The first source that reports: the kubelet, its cAdvisor, the node exporter. */
export function nodeQueries(matchers: readonly string[]): { cpu: string; memory: string } {
  const first = (queries: ReadonlyArray<(matcher: string) => string>): string =>
    queries.flatMap((query) => matchers.map(query)).join('\nor ');
  return {
    cpu: first([
      (m) => `sum(max by (instance) (rate(node_cpu_usage_seconds_total{${m}}[$s])))`,
      (m) => `max(rate(container_cpu_usage_seconds_total{id="/",${m}}[$s]))`,
      (m) => `sum(rate(node_cpu_seconds_total{mode!~"idle|iowait|steal",${m}}[$s]))`,
    ]),
    memory: first([
      (m) => `max(node_memory_working_set_bytes{${m}})`,
      (m) => `max(container_memory_working_set_bytes{id="/",${m}})`,
      (m) => `max(node_memory_MemTotal_bytes{${m}} - node_memory_MemAvailable_bytes{${m}})`,
    ]),
  };
}

/** What all nodes use, by source; `valueOfNode` finds a node in the answers. */
export const NODE_USE = {
  cpu: 'sum by (node, instance) (rate(node_cpu_usage_seconds_total[$s]))',
  cpuOfCadvisor: 'max by (node, instance) (rate(container_cpu_usage_seconds_total{id="/"}[$s]))',
  cpuOfExporter: 'sum by (node, instance) (rate(node_cpu_seconds_total{mode!~"idle|iowait|steal"}[$s]))',
  memory: 'max by (node, instance) (node_memory_working_set_bytes)',
  memoryOfCadvisor: 'max by (node, instance) (container_memory_working_set_bytes{id="/"})',
  memoryOfExporter: 'max by (node, instance) (node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes)',
} as const;

/** Whether a series is about a node. */
export function isOfNode({ node = '', instance = '' }: Labels, name: string, address: string): boolean {
  if (node !== '') return node === name;
  const host = instance.replace(/:\d+$/, '');
  return host !== '' && (host === name || host === address);
}

/** The first answer that knows the node. */
export function valueOfNode(
  answers: ReadonlyArray<readonly Sample[] | undefined>,
  node: { name: string; internalIP: string },
): number | null {
  for (const samples of answers) {
    const found = samples?.find((each) => isOfNode(each.labels, node.name, node.internalIP));
    if (found !== undefined) return found.value;
  }
  return null;
}
