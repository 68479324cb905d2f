// Any object of a cluster by the one template: owners, state, why, signals, relations, events, the object itself.
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useNodes, useObject, usePods } from '../../../api/clusterHooks';
import type { ObjectDetail, ObjectRef } from '../../../api/kubernetes';
import { serverNow } from '../../../api/system';
import { dateTime, utcTime } from '../../../format/clock';
import { formatSpan, formatValue } from '../../../format/units';
import { useCluster } from '../../../frame/cluster';
import { type Translate, useLanguage, useTranslate } from '../../../i18n/translate';
import { Freshness, Message, Skeleton } from '../../../parts/States';
import { ObjectPage } from '../../objects/ObjectPage';
import { EventList } from '../events/EventList';
import { FindingList, ObjectLink } from '../parts';
import { clusterMatcher } from '../usage';
import { NO_NAMESPACE, SEVERITY, sentence, stateText } from '../words';
import styles from './KubernetesObjectPage.module.css';
import { Raw } from './Raw';
import { nodeSignals, podSignals } from './signals';
import { ConditionTable, ContainerTable, PodTable, Relations } from './Tables';

type Ref = Omit<ObjectRef, 'apiVersion'>;

const SHOWN_PODS = 20;
/** Kinds whose pods the server finds by their workload. */
const WORKLOADS = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'CronJob',
  'ReplicaSet',
  'Job',
  'ReplicationController',
]);

export function KubernetesObjectPage() {
  const { cluster, kind, namespace, name } = useParams({ strict: false }) as Record<
    'cluster' | 'kind' | 'namespace' | 'name',
    string
  >;
  const ref = { kind, namespace: namespace === NO_NAMESPACE ? '' : namespace, name };
  return <Page key={`${cluster} ${kind} ${namespace} ${name}`} cluster={cluster} target={ref} />;
}

export function NodePage() {
  const { cluster, name } = useParams({ strict: false }) as { cluster: string; name: string };
  return <Page key={`${cluster} ${name}`} cluster={cluster} target={{ kind: 'Node', namespace: '', name }} />;
}

function Page({ cluster, target }: { cluster: string; target: Ref }) {
  const t = useTranslate();
  const [language] = useLanguage();
  const answer = useObject(cluster, target);
  const detail = answer.data;
  if (detail === undefined) {
    if (answer.error === null) return <Skeleton lines={6} />;
    const isGone = answer.error.status === 404;
    return (
      <Message
        kind={isGone ? 'empty' : 'error'}
        text={
          isGone ? t('k8s.gone', { kind: target.kind, name: target.name, cluster }) : answer.error.message
        }
        onRetry={answer.retry}
      />
    );
  }
  return <Known cluster={cluster} target={target} detail={detail} language={language} answer={answer} />;
}

interface KnownProps {
  cluster: string;
  target: Ref;
  detail: ObjectDetail;
  language: 'en' | 'zh';
  answer: ReturnType<typeof useObject>;
}

function Known({ cluster, target, detail, language, answer }: KnownProps) {
  const t = useTranslate();
  const { isOnly } = useCluster();
  const matcher = clusterMatcher(cluster, isOnly);
  const nodes = useNodes(cluster);
  const node =
    target.kind === 'Node' ? nodes.data?.nodes.find(({ name }) => name === target.name) : undefined;
  const state = stateText(detail.state, language);
  const isGone = answer.error?.status === 404;
  return (
    <ObjectPage
      view={{
        owners: ownersOf(cluster, detail, t),
        name: target.name,
        aside: isGone ? <Deleted /> : <Freshness answers={[answer]} />,
        state: { severity: SEVERITY[detail.state.severity], text: `${sentence(state)}${t('state.stop')}` },
        facts: factsOf(cluster, detail, t),
        findings: <FindingList cluster={cluster} findings={detail.findings} self={target} />,
        signals: node === undefined ? podSignals(target, matcher, t) : nodeSignals(node, matcher, t),
        relations: <Related cluster={cluster} target={target} detail={detail} />,
        events: <EventList cluster={cluster} target={target} />,
        raw: <Raw cluster={cluster} target={target} />,
      }}
    />
  );
}

function Deleted() {
  const t = useTranslate();
  return <span className={styles.deleted}>{t('k8s.deleted')}</span>;
}

function ownersOf(cluster: string, { object, owners }: ObjectDetail, t: Translate) {
  const list: Array<{ text: string; to: ReactNode }> = [
    {
      text: 'cluster',
      to: <Link to="/clusters">{cluster}</Link>,
    },
  ];
  if (object.namespace !== '') {
    list.push({
      text: 'namespace',
      to: (
        <Link
          to="/clusters/$cluster/workloads"
          params={{ cluster }}
          search={(old: object) => ({ ...old, namespace: object.namespace }) as never}
        >
          {object.namespace}
        </Link>
      ),
    });
  }
  for (const owner of [...owners].reverse()) {
    list.push({
      text: `${owner.kind} ${owner.name}`,
      to: (
        <ObjectLink cluster={cluster} target={owner}>
          {owner.kind} {owner.name}
        </ObjectLink>
      ),
    });
  }
  const kind =
    object.kind === 'Node' ? (
      <Link to="/clusters/$cluster/nodes" params={{ cluster }}>
        {t('area.nodes')}
      </Link>
    ) : (
      <span>{object.kind}</span>
    );
  list.push({ text: 'kind', to: kind });
  return list;
}

function factsOf(cluster: string, { object, facts }: ObjectDetail, t: Translate) {
  const age = object.createdAt;
  const list: Array<{ name: string; value: ReactNode }> = [
    {
      name: t('k8s.created'),
      value:
        age === null ? (
          '–'
        ) : (
          <span title={`${dateTime(age)} · ${utcTime(age)}`}>
            {t('time.ago', { span: formatSpan(Math.max(0, serverNow() - age)) })}
          </span>
        ),
    },
  ];
  const seen = new Map<string, number>();
  for (const fact of facts) {
    const times = (seen.get(fact.name) ?? 0) + 1;
    seen.set(fact.name, times);
    const bytes = /^(requested|capacity)$/.test(fact.name) && /^\d+$/.test(fact.value);
    const value = bytes ? formatValue(Number(fact.value), 'bytes') : fact.value;
    list.push({
      name: times === 1 ? fact.name : `${fact.name} ${times}`,
      value:
        fact.ref === null ? (
          <span title={fact.value}>{value}</span>
        ) : (
          <ObjectLink cluster={cluster} target={fact.ref}>
            {value}
          </ObjectLink>
        ),
    });
  }
  return list;
}

/** Containers, pods, conditions, labels, and whatever else it is related to. */
function Related({ cluster, target, detail }: { cluster: string; target: Ref; detail: ObjectDetail }) {
  const t = useTranslate();
  const { kind, namespace, name } = target;
  const pods = usePods(
    cluster,
    WORKLOADS.has(kind)
      ? { namespace, workload: `${kind}/${name}`, limit: SHOWN_PODS }
      : kind === 'Node'
        ? { node: name, limit: SHOWN_PODS }
        : kind === 'Pod'
          ? { namespace, q: name, limit: SHOWN_PODS }
          : null,
  ).data;
  const self = kind === 'Pod' ? pods?.pods.find((each) => each.name === name) : undefined;
  const hasTable = kind !== 'Pod' && pods !== undefined && pods.pods.length > 0;
  const labels = Object.entries(detail.object.labels);
  return (
    <>
      {self !== undefined && <ContainerTable pod={self} />}
      {hasTable && <PodTable cluster={cluster} pods={pods.pods} total={pods.total} />}
      {detail.conditions.length > 0 && <ConditionTable conditions={detail.conditions} />}
      <Relations cluster={cluster} relations={detail.relations} without={hasTable ? ['pods'] : []} />
      {labels.length > 0 && (
        <ul className={styles.labels} aria-label={t('k8s.labels')}>
          {labels.map(([label, value]) => (
            <li key={label} title={`${label}=${value}`}>
              <span>{label}</span>={value}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
