// How Periplus itself is doing: what it reads, what that costs, what it cannot do and why.
import { useMemo } from 'react';
import { useRanges, useSystem } from '../../api/hooks';
import { type Collector, type CollectorState, type SystemStatus, serverNow } from '../../api/system';
import { Sparkline } from '../../chart/Sparkline';
import { dateTime, utcTime } from '../../format/clock';
import { formatAge, formatSpan, formatValue } from '../../format/units';
import { type MessageKey, useTranslate } from '../../i18n/translate';
import { type Severity, SeverityMark, StateLine } from '../../parts/StateLine';
import { Freshness, Message, Skeleton } from '../../parts/States';
import { useTime } from '../../time/useTime';
import styles from './SystemView.module.css';

const RANK: Record<CollectorState, number> = {
  failing: 0,
  timed_out: 1,
  starting: 2,
  ok: 3,
  unavailable: 4,
  disabled: 5,
};

const SEVERITY: Record<CollectorState, Severity> = {
  failing: 'critical',
  timed_out: 'warning',
  starting: 'notice',
  unavailable: 'unknown',
  ok: 'good',
  disabled: 'unknown',
};

export function SystemView() {
  const t = useTranslate();
  const system = useSystem('live');
  if (system.data === undefined) {
    return system.error === null ? (
      <Skeleton lines={6} />
    ) : (
      <Message kind="error" text={system.error.message} onRetry={system.retry} />
    );
  }
  const status = system.data;
  const state = systemState(status);
  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">{t('area.system')}</h1>
      <div className={styles.state}>
        <StateLine severity={state.severity} text={t(state.key, state.params)} />
        <Freshness answers={[system]} />
      </div>
      <Figures status={status} />
      <Degradations status={status} />
      <Collectors status={status} />
      <Store status={status} />
    </div>
  );
}

function systemState(status: SystemStatus): {
  severity: Severity;
  key: MessageKey;
  params: Record<string, string | number>;
} {
  const failing = status.collectors.filter((each) => each.state === 'failing' || each.state === 'timed_out');
  const params = {
    count: status.collectors.filter((each) => each.state === 'ok').length,
    series: formatValue(status.store.headSeries, 'count'),
    failing: failing.length,
    names: failing.map((each) => each.name).join(', '),
    degraded: status.degraded.length,
    why: status.degraded[0]?.why ?? status.store.degraded[0] ?? '',
  };
  if (status.store.degraded.length > 0) return { severity: 'critical', key: 'system.storeDegraded', params };
  if (failing.length > 0) {
    return {
      severity: 'warning',
      key: failing.length === 1 ? 'system.failingOne' : 'system.failing',
      params,
    };
  }
  if (status.degraded.length > 0) {
    return {
      severity: 'notice',
      key: status.degraded.length === 1 ? 'system.degradedOne' : 'system.degraded',
      params,
    };
  }
  return { severity: 'good', key: 'system.good', params };
}

function Figures({ status }: { status: SystemStatus }) {
  const t = useTranslate();
  const time = useTime();
  const up = serverNow() - status.startedAt;
  const share = up > 0 ? (status.process.cpuSeconds * 1000) / up : null;
  const [cpu, memory] = useRanges(
    [
      time.prepare('rate(process_cpu_seconds_total{job="periplus"}[$w])'),
      'process_resident_memory_bytes{job="periplus"}',
    ],
    time.spec,
    true,
  );
  const figures: Array<{
    name: string;
    value: string;
    more: string;
    trend?: Array<number | null> | undefined;
  }> = [
    {
      name: t('system.cpu'),
      value: formatValue(share, 'ratio'),
      more: t('system.cpuSince', { time: formatSpan(status.process.cpuSeconds * 1000) }),
      trend: cpu?.data?.series[0]?.values,
    },
    {
      name: t('system.memory'),
      value: formatValue(status.process.residentBytes, 'bytes'),
      more: t('system.threads', { threads: status.process.threads, files: status.process.openFds }),
      trend: memory?.data?.series[0]?.values,
    },
    {
      name: t('system.disk'),
      value: formatValue(status.store.diskBytes, 'bytes'),
      more: t('system.wal', { bytes: formatValue(status.store.walBytes, 'bytes') }),
    },
    {
      name: t('system.series'),
      value: formatValue(status.store.headSeries, 'count'),
      more: t('system.samples', { count: formatValue(status.store.samples, 'count') }),
    },
    {
      name: t('system.uptime'),
      value: formatSpan(up),
      more: t('system.version', { version: status.version }),
    },
  ];
  return (
    <ul className={styles.figures}>
      {figures.map((figure) => (
        <li key={figure.name}>
          <span>{figure.name}</span>
          <b>{figure.value}</b>
          <small>{figure.more}</small>
          {figure.trend !== undefined && <Sparkline values={figure.trend} width={120} height={20} />}
        </li>
      ))}
    </ul>
  );
}

function Degradations({ status }: { status: SystemStatus }) {
  const t = useTranslate();
  if (status.degraded.length === 0) return null;
  return (
    <section className={styles.section}>
      <h2>{t('system.degradations')}</h2>
      <ul className={styles.degraded}>
        {status.degraded.map((each) => (
          <li key={`${each.what}${each.why}`}>
            <SeverityMark severity="warning" />
            <div>
              <b>{each.what}</b> <span>{each.why}</span>
              {each.hint !== null && <p>{t('system.hint', { hint: each.hint })}</p>}
            </div>
            {each.since !== null && (
              <time dateTime={utcTime(each.since)} title={`${dateTime(each.since)} · ${utcTime(each.since)}`}>
                {t('system.since', { span: formatSpan(serverNow() - each.since) })}
              </time>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Collectors({ status }: { status: SystemStatus }) {
  const t = useTranslate();
  const totalMs = status.collectors.reduce((sum, each) => sum + each.cpuMsTotal, 0);
  const rows = useMemo(
    () =>
      [...status.collectors].sort(
        (a, b) =>
          RANK[a.state] - RANK[b.state] || b.cpuMsTotal - a.cpuMsTotal || a.name.localeCompare(b.name),
      ),
    [status.collectors],
  );
  return (
    <section className={styles.section}>
      <h2>
        {t('system.collectors')} <small>{rows.length}</small>
      </h2>
      <section className={styles.scroller} tabIndex={0} aria-label={t('system.collectors')}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('system.name')}</th>
              <th scope="col">{t('system.state')}</th>
              <th scope="col">{t('system.cpuPerRun')}</th>
              <th scope="col">{t('system.share')}</th>
              <th scope="col">{t('system.duration')}</th>
              <th scope="col">{t('system.seriesColumn')}</th>
              <th scope="col">{t('system.errors')}</th>
              <th scope="col">{t('system.lastSuccess')}</th>
              <th scope="col">{t('system.message')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <CollectorLine key={row.name} row={row} totalMs={totalMs} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function CollectorLine({ row, totalMs }: { row: Collector; totalMs: number }) {
  const t = useTranslate();
  const share = totalMs > 0 ? row.cpuMsTotal / totalMs : null;
  const perRun = row.runs > 0 ? row.cpuMsTotal / row.runs / 1000 : null;
  const age = row.lastSuccess === null ? null : Math.max(0, serverNow() - row.lastSuccess);
  return (
    <tr>
      <th scope="row" title={row.source ?? undefined}>
        {row.name} <small>{row.job}</small>
      </th>
      <td>
        <SeverityMark severity={SEVERITY[row.state]} bare />{' '}
        <span data-state={row.state}>{t(`collector.${row.state}`)}</span>
      </td>
      <td>{formatValue(perRun, 'seconds')}</td>
      <td>
        <span className={styles.share}>
          <i aria-hidden="true">
            <i style={{ width: `${(share ?? 0) * 100}%` }} />
          </i>
          {formatValue(share, 'ratio')}
        </span>
      </td>
      <td>{formatValue(row.lastDurationMs === null ? null : row.lastDurationMs / 1000, 'seconds')}</td>
      <td title={row.seriesDropped > 0 ? t('system.dropped', { count: row.seriesDropped }) : undefined}>
        {formatValue(row.series, 'count')}
        {row.seriesDropped > 0 && <em> −{row.seriesDropped}</em>}
      </td>
      <td title={t('system.timeouts', { count: row.timeouts })}>
        {row.errors + row.timeouts > 0 ? <em>{row.errors + row.timeouts}</em> : 0}
      </td>
      <td
        title={
          row.lastSuccess === null ? undefined : `${dateTime(row.lastSuccess)} · ${utcTime(row.lastSuccess)}`
        }
      >
        {age === null ? '–' : age < 1000 ? t('time.justNow') : t('time.ago', { span: formatAge(age) })}
      </td>
      <td title={[row.message, row.hint].filter(Boolean).join(' · ') || undefined}>{row.message ?? ''}</td>
    </tr>
  );
}

function Store({ status }: { status: SystemStatus }) {
  const t = useTranslate();
  const { store } = status;
  const span = store.oldest !== null && store.newest !== null ? store.newest - store.oldest : null;
  const facts: Array<[string, string, string?]> = [
    [
      t('store.oldest'),
      store.oldest === null ? '–' : dateTime(store.oldest),
      store.oldest === null ? '' : utcTime(store.oldest),
    ],
    [
      t('store.newest'),
      store.newest === null ? '–' : dateTime(store.newest),
      store.newest === null ? '' : utcTime(store.newest),
    ],
    [t('store.span'), formatSpan(span)],
    [t('store.parts'), formatValue(store.parts, 'count')],
    [
      t('store.perSample'),
      formatValue(store.samples > 0 ? (store.diskBytes + store.walBytes) / store.samples : null, 'bytes'),
    ],
    [
      t('store.retention'),
      store.retentionBytes === null
        ? formatSpan(store.retentionMs)
        : `${formatSpan(store.retentionMs)}, ${formatValue(store.retentionBytes, 'bytes')}`,
    ],
    [t('store.interval'), formatSpan(status.intervalMs)],
    [t('store.folder'), status.dataDir, status.dataDir],
  ];
  const problems = [...store.degraded, ...store.quarantined.map((name) => t('store.quarantined', { name }))];
  return (
    <section className={styles.section}>
      <h2>{t('store.title')}</h2>
      {problems.length > 0 && (
        <ul className={styles.degraded}>
          {problems.map((problem) => (
            <li key={problem}>
              <SeverityMark severity="critical" />
              <span>{problem}</span>
            </li>
          ))}
        </ul>
      )}
      <dl className={styles.store}>
        {facts.map(([name, value, hover]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd title={hover}>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
