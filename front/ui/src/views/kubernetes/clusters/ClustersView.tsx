// Clusters at a glance: control plane, nodes, pods, what is requested of what there is, and what is wrong.
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { ChevronRight } from 'lucide-react';
import { useClusters } from '../../../api/clusterHooks';
import type { Cluster } from '../../../api/kubernetes';
import { formatValue } from '../../../format/units';
import type { KubernetesSearch } from '../../../frame/router';
import { useLanguage, useTranslate } from '../../../i18n/translate';
import { SeverityMark, StateLine } from '../../../parts/StateLine';
import { Freshness, Message, Skeleton } from '../../../parts/States';
import { FindingList, RequestMeter } from '../parts';
import { SEVERITY, sentence, stateText } from '../words';
import styles from './ClustersView.module.css';
import { Kinds } from './Kinds';
import { clustersState } from './state';

export function ClustersView() {
  const t = useTranslate();
  const [language] = useLanguage();
  const answer = useClusters();
  const list = answer.data;
  if (list === undefined) {
    return answer.error === null ? (
      <Skeleton lines={6} />
    ) : (
      <Message kind="error" text={answer.error.message} onRetry={answer.retry} />
    );
  }
  if (list.length === 0) {
    return <Message kind="empty" text={t('k8s.none')} detail={t('k8s.noneHint')} />;
  }
  const state = clustersState(list, t, language);
  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">{t('area.clusters')}</h1>
      <div className={styles.top}>
        <StateLine severity={state.severity} text={state.text} />
        <Freshness answers={[answer]} />
      </div>
      {state.order.map((cluster) => (
        <ClusterCard key={cluster.name} cluster={cluster} isAlone={list.length === 1} />
      ))}
    </div>
  );
}

function ClusterCard({ cluster, isAlone }: { cluster: Cluster; isAlone: boolean }) {
  const t = useTranslate();
  const [language] = useLanguage();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as KubernetesSearch;
  const open = new Set((search.open ?? '').split(',').filter(Boolean));
  const isOpen = open.has(cluster.name);
  function toggle(): void {
    if (!open.delete(cluster.name)) open.add(cluster.name);
    const next = [...open].join(',') || undefined;
    void navigate({ to: '.', search: (old: object) => ({ ...old, open: next }) as never, replace: true });
  }
  const { name, counts } = cluster;
  const unwell = [
    ...(counts.workloadsCritical > 0 ? [t('k8s.unwellDown', { count: counts.workloadsCritical })] : []),
    ...(counts.workloadsWarning > 0 ? [t('k8s.unwellSuspect', { count: counts.workloadsWarning })] : []),
  ];
  return (
    <section className={styles.cluster} aria-labelledby={`cluster-${name}`}>
      <header>
        <h2 id={`cluster-${name}`}>
          <Link to="/clusters/$cluster/workloads" params={{ cluster: name }}>
            {name}
          </Link>
        </h2>
        <small title={cluster.source}>{cluster.version}</small>
        {!isAlone && (
          <p>
            <SeverityMark severity={SEVERITY[cluster.state.severity]} bare />{' '}
            {sentence(stateText(cluster.state, language))}
          </p>
        )}
      </header>
      <dl className={styles.figures}>
        <Figure
          title={t('area.nodes')}
          value={`${counts.nodesReady}/${counts.nodes}`}
          more={t('k8s.ready')}
          isBad={counts.nodesReady < counts.nodes}
          link={<Link to="/clusters/$cluster/nodes" params={{ cluster: name }} />}
        />
        <Figure
          title={t('area.workloads')}
          value={`${formatValue(counts.workloads - counts.workloadsCritical, 'count')}/${formatValue(counts.workloads, 'count')}`}
          more={unwell.length === 0 ? t('k8s.allWell') : unwell.join(t('state.comma'))}
          isBad={counts.workloadsCritical > 0}
          link={<Link to="/clusters/$cluster/workloads" params={{ cluster: name }} />}
        />
        <Pods cluster={cluster} />
        <RequestMeter name={t('k8s.cpuOfCluster')} unit="number" totals={cluster.resources.cpu} />
        <RequestMeter name={t('k8s.memoryOfCluster')} unit="bytes" totals={cluster.resources.memory} />
      </dl>
      <div className={styles.section}>
        <h3>
          <Link to="/clusters/$cluster/control-plane" params={{ cluster: name }}>
            {t('area.controlPlane')}
          </Link>
        </h3>
        <ControlPlaneParts cluster={cluster} />
      </div>
      {cluster.findings.length > 0 && (
        <div className={styles.section}>
          <h3>
            {t('state.findings')} <small>{cluster.findings.length}</small>
          </h3>
          <FindingList cluster={name} findings={cluster.findings} first={isAlone ? 8 : 4} isBrief />
        </div>
      )}
      <div className={styles.section}>
        <button type="button" className={styles.fold} aria-expanded={isOpen} onClick={toggle}>
          <ChevronRight />
          <h3>{t('k8s.details')}</h3>
          <small>
            {t(cluster.synced ? 'k8s.detailsText' : 'k8s.detailsSyncing', {
              objects: formatValue(cluster.memory.objects, 'count'),
              bytes: formatValue(cluster.memory.bytes, 'bytes'),
              kinds: cluster.kinds.filter(({ state }) => state === 'synced').length,
              all: cluster.kinds.filter(({ state }) => state !== 'absent').length,
            })}
          </small>
        </button>
        {isOpen && <Kinds cluster={cluster} />}
      </div>
    </section>
  );
}

interface FigureProps {
  title: string;
  value: string;
  more: string;
  isBad: boolean;
  link: React.ReactElement<{ children?: React.ReactNode }>;
}

function Figure({ title, value, more, isBad, link }: FigureProps) {
  const { type: To, props } = link;
  const Anchor = To as React.ElementType;
  return (
    <div data-bad={isBad || undefined}>
      <dt>
        <Anchor {...props}>{title}</Anchor>
      </dt>
      <dd>
        <b>{value}</b> <small>{more}</small>
      </dd>
    </div>
  );
}

/** Pods by phase, as one bar and in words. */
function Pods({ cluster: { counts } }: { cluster: Cluster }) {
  const t = useTranslate();
  const phases = [
    ['running', counts.podsRunning],
    ['succeeded', counts.podsSucceeded],
    ['pending', counts.podsPending],
    ['failed', counts.podsFailed],
  ] as const;
  const words = phases
    .filter(([, count]) => count > 0)
    .map(([phase, count]) => t(`k8s.phase.${phase}`, { count: formatValue(count, 'count') }));
  return (
    <div>
      <dt>{t('k8s.pods')}</dt>
      <dd className={styles.pods}>
        <b>{formatValue(counts.pods, 'count')}</b>
        <small title={words.join(t('state.comma'))}>{words.join(t('state.comma'))}</small>
        <span className={styles.phases} aria-hidden="true">
          {phases
            .filter(([, count]) => count > 0)
            .map(([phase, count]) => (
              <i key={phase} data-phase={phase} style={{ flexGrow: count }} />
            ))}
        </span>
      </dd>
    </div>
  );
}

/** The parts of a control plane, each with how it is. */
export function ControlPlaneParts({ cluster }: { cluster: Cluster }) {
  const t = useTranslate();
  const [language] = useLanguage();
  if (cluster.controlPlane.length === 0) return <p className={styles.quiet}>{t('k8s.noControlPlane')}</p>;
  return (
    <ul className={styles.components}>
      {cluster.controlPlane.map(({ component, state }) => (
        <li key={component} title={stateText(state, language)}>
          <SeverityMark severity={SEVERITY[state.severity]} bare />
          <b>{component}</b>
          <span>{sentence(stateText(state, language))}</span>
        </li>
      ))}
    </ul>
  );
}
