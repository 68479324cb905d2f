// The first page: the state in one sentence, what is wrong, and the signals in the order one asks.
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useClusters } from '../../api/clusterHooks';
import { useInstants, useMetricNames } from '../../api/hooks';
import { ChartPanel } from '../../chart/ChartPanel';
import { useLanguage, useTranslate } from '../../i18n/translate';
import { Findings, StateLine } from '../../parts/StateLine';
import { Freshness, Message, Skeleton } from '../../parts/States';
import { useTime } from '../../time/useTime';
import { clustersState } from '../kubernetes/clusters/state';
import { Filesystems } from './Filesystems';
import { FACT_QUERIES, type FactName, factsOf } from './facts';
import styles from './Overview.module.css';
import { SECTIONS, type Section } from './sections';
import { type Finding, stateOf } from './state';
import { TopLists } from './TopLists';
import { Vitals } from './Vitals';

export function Overview() {
  const t = useTranslate();
  const { atMs, prepare } = useTime();
  const queries = useMemo(() => {
    const entries = Object.entries(FACT_QUERIES).map(([name, expr]) => [name, prepare(expr)]);
    return Object.fromEntries(entries) as Record<FactName, string>;
  }, [prepare]);
  const { samples, answers } = useInstants(queries, atMs);
  const facts = useMemo(() => factsOf(samples), [samples]);
  const state = useMemo(() => stateOf(facts, t), [facts, t]);
  const metrics = useMetricNames();
  const pending = answers.every((answer) => answer.data === undefined && answer.error === null);
  const failed = answers.find((answer) => answer.error !== null && answer.data === undefined);
  const [language] = useLanguage();
  const known = useClusters().data;
  const clusters = useMemo(
    () => (known === undefined || known.length === 0 ? null : clustersState(known, t, language)),
    [known, t, language],
  );
  // What only watches clusters has no machine to speak of.
  const isMachine = Object.keys(facts).length > 0 || clusters === null;
  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">{t('area.overview')}</h1>
      {clusters !== null && (
        <StateLine severity={clusters.severity} text={clusters.text}>
          <Link to="/clusters">{t('area.clusters')}</Link>
        </StateLine>
      )}
      {isMachine && (
        <div className={styles.state}>
          {pending ? (
            <StateLine severity="unknown" text={t('state.reading')} />
          ) : failed !== undefined && Object.keys(facts).length === 0 ? (
            <Message kind="error" text={failed.error?.message ?? ''} onRetry={failed.retry} />
          ) : (
            <StateLine severity={state.severity} text={state.sentence}>
              {state.findings[0] !== undefined && <Evidence finding={state.findings[0]} />}
            </StateLine>
          )}
          <Freshness answers={answers} />
        </div>
      )}
      {state.findings.length > 1 && (
        <Findings
          findings={state.findings
            .slice(1)
            .map((finding) => ({ ...finding, detail: <Evidence finding={finding} /> }))}
        />
      )}
      {isMachine && (
        <>
          <Vitals facts={facts} />
          <div className={styles.columns}>
            <div className={styles.sections}>
              {metrics.data === undefined ? (
                <Skeleton lines={4} />
              ) : (
                SECTIONS.map((section) => (
                  <SectionView key={section.id} section={section} metrics={metrics.data ?? new Set()} />
                ))
              )}
            </div>
            <TopLists />
          </div>
        </>
      )}
    </div>
  );
}

function Evidence({ finding }: { finding: Finding }) {
  const t = useTranslate();
  if (finding.section === 'system') return <Link to="/system">{t('area.system')}</Link>;
  return (
    <a
      href={`#${finding.section}`}
      onClick={(event) => {
        event.preventDefault();
        document.getElementById(finding.section)?.scrollIntoView({ block: 'start' });
      }}
    >
      {t('finding.evidence')}
    </a>
  );
}

function SectionView({ section, metrics }: { section: Section; metrics: ReadonlySet<string> }) {
  const t = useTranslate();
  const shown = section.panels.filter((panel) => metrics.has(panel.requires));
  const missing = section.panels.filter((panel) => !metrics.has(panel.requires));
  return (
    <section id={section.id} className={styles.section} aria-labelledby={`${section.id}-title`}>
      <header>
        <h2 id={`${section.id}-title`}>{t(section.title)}</h2>
        {missing.length > 0 && (
          <p>
            {t('section.notReported', {
              names: missing.map((panel) => t(panel.title)).join(t('state.comma')),
            })}
          </p>
        )}
      </header>
      <div className={styles.charts} data-count={shown.length}>
        {shown.map((panel) => (
          <ChartPanel
            key={panel.title}
            title={t(panel.title)}
            unit={panel.unit}
            queries={panel.queries(t)}
            {...(panel.kind === undefined ? {} : { kind: panel.kind })}
            {...(panel.softMax === undefined ? {} : { softMax: panel.softMax })}
            rows={panel.rows ?? 4}
            keepOrder={panel.keepOrder === true}
          />
        ))}
      </div>
      {section.id === 'disk' && metrics.has('node_filesystem_size_bytes') && <Filesystems />}
    </section>
  );
}
