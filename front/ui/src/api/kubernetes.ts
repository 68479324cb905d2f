// What is known of Kubernetes clusters: their objects, how each is, and why.
import { ApiError, errorFrom, getData } from './client';

export type HealthWord = 'ok' | 'progressing' | 'warning' | 'critical' | 'unknown';

/** The name of an object; the namespace is empty for objects of the whole cluster. */
export interface ObjectRef {
  kind: string;
  apiVersion: string;
  namespace: string;
  name: string;
}

export interface ObjectState {
  severity: HealthWord;
  code: string;
  sentence: string;
  values: Readonly<Record<string, string>>;
}

export interface ObjectFinding extends ObjectState {
  advice: string;
  object: ObjectRef;
  since: number | null;
  evidence: ReadonlyArray<{ source: string; text: string }>;
}

/** CPU in cores, memory in bytes. */
export interface Amounts {
  cpu: number | null;
  memory: number | null;
}

export interface Totals {
  requested: number;
  limits: number;
  allocatable: number;
}

export type SyncState = 'starting' | 'syncing' | 'synced' | 'retrying' | 'forbidden' | 'absent';

export interface KindStatus {
  kind: string;
  group: string;
  version: string;
  resource: string;
  namespaced: boolean;
  state: SyncState;
  objects: number;
  lastChange: number | null;
  syncedAt: number | null;
  lists: number;
  watches: number;
  expired: number;
  changes: number;
  errors: number;
  unreadable: number;
  lastError: string;
}

export interface Cluster {
  name: string;
  version: string;
  source: string;
  state: ObjectState;
  reachable: boolean;
  lastError: string;
  synced: boolean;
  revision: number;
  counts: {
    nodes: number;
    nodesReady: number;
    namespaces: number;
    pods: number;
    podsRunning: number;
    podsPending: number;
    podsFailed: number;
    podsSucceeded: number;
    workloads: number;
    workloadsCritical: number;
    workloadsWarning: number;
    objects: number;
  };
  resources: { cpu: Totals; memory: Totals };
  controlPlane: ReadonlyArray<{ component: string; state: ObjectState }>;
  findings: readonly ObjectFinding[];
  kinds: readonly KindStatus[];
  memory: { objects: number; bytes: number; strings: number };
}

export interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
  since: number | null;
}

export interface ClusterNode {
  name: string;
  uid: string;
  state: ObjectState;
  ready: boolean;
  unschedulable: boolean;
  roles: readonly string[];
  kubeletVersion: string;
  osImage: string;
  kernelVersion: string;
  containerRuntime: string;
  architecture: string;
  internalIP: string;
  createdAt: number | null;
  taints: ReadonlyArray<{ key: string; value: string; effect: string }>;
  conditions: readonly Condition[];
  pods: number;
  capacity: Amounts & { pods: number | null };
  allocatable: Amounts & { pods: number | null };
  requested: Amounts;
  limits: Amounts;
}

export interface Workload extends ObjectRef {
  state: ObjectState;
  desired: number | null;
  ready: number;
  updated: number | null;
  available: number | null;
  pods: number;
  restarts: number;
  lastRestart: number | null;
  createdAt: number | null;
  images: readonly string[];
  requested: Amounts;
  limits: Amounts;
}

export interface PodContainer {
  name: string;
  type: 'container' | 'init' | 'sidecar';
  image: string;
  ready: boolean;
  restarts: number;
  state: 'running' | 'waiting' | 'terminated' | 'unknown';
  reason: string;
  message: string;
  since: number | null;
  last: { reason: string; exitCode: number; finishedAt: number | null } | null;
  requests: Amounts;
  limits: Amounts;
}

export interface Pod {
  namespace: string;
  name: string;
  uid: string;
  state: ObjectState;
  phase: string;
  node: string;
  ip: string;
  ready: number;
  restarts: number;
  lastRestart: number | null;
  createdAt: number | null;
  qosClass: string;
  workload: ObjectRef | null;
  containers: readonly PodContainer[];
}

export interface ObjectDetail {
  object: ObjectRef & {
    uid: string;
    resourceVersion: string;
    generation: number;
    createdAt: number | null;
    deletedAt: number | null;
    labels: Readonly<Record<string, string>>;
    annotations: Readonly<Record<string, string>>;
    finalizers: readonly string[];
  };
  state: ObjectState;
  findings: readonly ObjectFinding[];
  owners: readonly ObjectRef[];
  conditions: readonly Condition[];
  facts: ReadonlyArray<{ name: string; value: string; ref: ObjectRef | null }>;
  relations: ReadonlyArray<{
    relation: string;
    total: number;
    objects: ReadonlyArray<{ ref: ObjectRef; state: ObjectState }>;
  }>;
}

export interface Found {
  ref: ObjectRef;
  state: ObjectState;
  match: 'name' | 'label' | 'address' | 'image';
}

type Parts = Readonly<Record<string, string | number | undefined>>;

function paramsOf(parts: Parts): Record<string, string> {
  const set = Object.entries(parts).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(set.map(([name, value]) => [name, String(value)]));
}

const base = '/api/v1/kubernetes';

/** All clusters; none where the server watches none, also where it is too old to know of them. */
export async function clusters(signal: AbortSignal | null): Promise<Cluster[]> {
  try {
    return ((await getData(`${base}/clusters`, {}, signal)) as { clusters: Cluster[] }).clusters;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}

/** The `data` of one endpoint of a cluster. */
export function ofCluster(
  cluster: string,
  what: 'nodes' | 'workloads' | 'pods' | 'objects' | 'search',
  parts: Parts,
  signal: AbortSignal | null,
): Promise<unknown> {
  return getData(`${base}/${encodeURIComponent(cluster)}/${what}`, paramsOf(parts), signal);
}

/** An object as its API server holds it now, in YAML. */
export async function rawObject(
  cluster: string,
  ref: Omit<ObjectRef, 'apiVersion'>,
  signal: AbortSignal | null,
): Promise<string> {
  const { kind, namespace, name } = ref;
  const query = new URLSearchParams(paramsOf({ kind, namespace, name })).toString();
  const response = await fetch(`${base}/${encodeURIComponent(cluster)}/raw?${query}`, { signal });
  const text = await response.text();
  if (response.ok) return text;
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy in between answered in its own words; the status says enough.
  }
  throw errorFrom(response.status, body);
}
