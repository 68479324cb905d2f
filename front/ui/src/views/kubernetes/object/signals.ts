// The signals of an object of a cluster, in the order of every page: saturation, errors, load.
import type { ClusterNode, ObjectRef } from '../../../api/kubernetes';
import { quoted } from '../../../api/prometheus';
import type { Translate } from '../../../i18n/translate';
import type { ObjectPanel } from '../../objects/ObjectPage';
import { cpuOf, memoryOf, nodeMatchers, nodeQueries, podMatchers } from '../usage';

export interface Signal {
  title: string;
  panels: ObjectPanel[];
}

type Ref = Omit<ObjectRef, 'apiVersion'>;

/** Use of containers with what they requested and may take, errors, and traffic; nothing for what has no pods. */
export function podSignals(ref: Ref, cluster: string, t: Translate): Signal[] {
  const pods = podMatchers(ref);
  if (pods === null) return [];
  const matchers = `${pods},${cluster}`;
  // Within a pod its containers are told apart, within a workload its pods.
  const by = ref.kind === 'Pod' ? 'container' : 'pod';
  const declared = (what: 'requests' | 'limits', resource: string): string => {
    const inner = `max by (namespace, pod, container) (kube_pod_container_resource_${what}{resource="${resource}",${matchers}})`;
    return ref.kind === 'Pod' ? `max by (container) (${inner})` : `max(sum by (pod) (${inner}))`;
  };
  const bounds = (resource: string) => [
    {
      expr: declared('requests', resource),
      legend: ref.kind === 'Pod' ? `{{container}} ${t('line.request')}` : t('line.requestOfPod'),
      limit: true,
    },
    {
      expr: declared('limits', resource),
      legend: ref.kind === 'Pod' ? `{{container}} ${t('line.limit')}` : t('line.limitOfPod'),
      limit: true,
    },
  ];
  const rate = (metric: string): string => `sum by (${by}) (rate(${metric}{container!="",${matchers}}[$s]))`;
  const total = (metric: string): string => `sum(rate(${metric}{container!="",${matchers}}[$s]))`;
  const network = (direction: string): string =>
    `sum(max by (namespace, pod, interface) (rate(container_network_${direction}_bytes_total{${matchers}}[$s])))`;
  const empty = t('k8s.noUse');
  return [
    {
      title: t('signal.saturation'),
      panels: [
        {
          title: t('k8s.cpuCores'),
          unit: 'number',
          softMax: 0.01,
          empty,
          queries: [{ expr: cpuOf(matchers, by), legend: `{{${by}}}` }, ...bounds('cpu')],
        },
        {
          title: t('k8s.memory'),
          unit: 'bytes',
          empty,
          queries: [{ expr: memoryOf(matchers, by), legend: `{{${by}}}` }, ...bounds('memory')],
        },
        {
          title: t('containers.throttled'),
          unit: 'ratio',
          softMax: 0.1,
          empty: t('k8s.noThrottling'),
          queries: [
            {
              expr: `${rate('container_cpu_cfs_throttled_periods_total')} / ${rate('container_cpu_cfs_periods_total')}`,
              legend: `{{${by}}}`,
            },
          ],
        },
      ],
    },
    {
      title: t('signal.errors'),
      panels: [
        {
          title: t('k8s.restarts'),
          unit: 'count',
          softMax: 1,
          empty: t('k8s.noRestarts'),
          queries: [
            {
              // The count as it is: each step is a restart, and what is extrapolated is never a whole one.
              expr: `sum by (${by}) (max by (namespace, pod, container) (kube_pod_container_status_restarts_total{${matchers}}))`,
              legend: `{{${by}}}`,
            },
          ],
        },
        {
          title: t('k8s.notReadyPods'),
          unit: 'count',
          softMax: 1,
          empty: t('k8s.noRestarts'),
          queries: [
            {
              expr: `sum(kube_pod_status_phase{phase=~"Pending|Failed|Unknown",${matchers}})`,
              legend: t('k8s.notRunning'),
            },
            {
              expr: `sum(kube_pod_status_ready{condition="false",${matchers}})`,
              legend: t('k8s.notReady'),
            },
          ],
        },
      ],
    },
    {
      title: t('signal.load'),
      panels: [
        {
          title: t('section.network'),
          unit: 'bytes/s',
          empty: t('k8s.noNetwork'),
          queries: [
            { expr: network('receive'), legend: t('line.received') },
            { expr: network('transmit'), legend: t('line.sent') },
          ],
        },
        {
          title: t('process.io'),
          unit: 'bytes/s',
          empty: t('k8s.noIo'),
          queries: [
            { expr: total('container_fs_reads_bytes_total'), legend: t('line.read') },
            { expr: total('container_fs_writes_bytes_total'), legend: t('line.write') },
          ],
        },
      ],
    },
  ];
}

/** A node's use with what its pods requested and what it can give. */
export function nodeSignals(node: ClusterNode, cluster: string, t: Translate): Signal[] {
  const matchers = nodeMatchers(node.name, node.internalIP);
  const use = nodeQueries(matchers);
  const ofNode = `node=${quoted(node.name)},${cluster}`;
  const bounds = (resource: string) => [
    {
      expr: `sum(kube_pod_container_resource_requests{resource="${resource}",${ofNode}})`,
      legend: t('line.requested'),
      limit: true,
    },
    {
      expr: `max(kube_node_status_allocatable{resource="${resource}",${ofNode}})`,
      legend: t('line.allocatable'),
      limit: true,
    },
  ];
  const any = (expr: (matcher: string) => string): string => matchers.map(expr).join('\nor ');
  return [
    {
      title: t('signal.saturation'),
      panels: [
        {
          title: t('k8s.cpuCores'),
          unit: 'number',
          empty: t('k8s.noNodeUse'),
          queries: [{ expr: use.cpu, legend: t('line.use') }, ...bounds('cpu')],
        },
        {
          title: t('k8s.memory'),
          unit: 'bytes',
          empty: t('k8s.noNodeUse'),
          queries: [{ expr: use.memory, legend: t('line.use') }, ...bounds('memory')],
        },
        {
          title: t('panel.pressure'),
          unit: 'ratio',
          softMax: 0.1,
          empty: t('k8s.noExporter'),
          queries: (['cpu', 'memory', 'io'] as const).map((what) => ({
            expr: any((m) => `max(rate(node_pressure_${what}_waiting_seconds_total{${m}}[$s]))`),
            legend: t(`line.${what}Some`),
          })),
        },
      ],
    },
    {
      title: t('signal.errors'),
      panels: [
        {
          title: t('k8s.kubeletErrors'),
          unit: 'count/s',
          softMax: 1,
          empty: t('k8s.noKubelet'),
          queries: [
            {
              expr: any(
                (m) => `sum by (operation_type) (rate(kubelet_runtime_operations_errors_total{${m}}[$s]))`,
              ),
              legend: '{{operation_type}}',
            },
          ],
        },
        {
          title: t('k8s.podStarts'),
          unit: 'seconds',
          empty: t('k8s.noKubelet'),
          queries: [
            {
              expr: any(
                (m) =>
                  `histogram_quantile(0.99, sum by (le) (rate(kubelet_pod_start_duration_seconds_bucket{${m}}[$s])))`,
              ),
              legend: 'p99',
            },
          ],
        },
      ],
    },
    {
      title: t('signal.load'),
      panels: [
        {
          title: t('k8s.pods'),
          unit: 'count',
          empty: t('k8s.noKubelet'),
          queries: [
            { expr: any((m) => `max(kubelet_running_pods{${m}})`), legend: t('k8s.running') },
            {
              expr: `max(kube_node_status_allocatable{resource="pods",${ofNode}})`,
              legend: t('line.allocatable'),
              limit: true,
            },
          ],
        },
        {
          title: t('section.network'),
          unit: 'bytes/s',
          empty: t('k8s.noExporter'),
          queries: [
            {
              expr: any((m) => `sum(rate(node_network_receive_bytes_total{device!~"lo|veth.*",${m}}[$s]))`),
              legend: t('line.received'),
            },
            {
              expr: any((m) => `sum(rate(node_network_transmit_bytes_total{device!~"lo|veth.*",${m}}[$s]))`),
              legend: t('line.sent'),
            },
          ],
        },
      ],
    },
  ];
}
