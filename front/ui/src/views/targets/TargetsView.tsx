// What is scraped: the targets that do not answer first, then those that are slow or large.
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ColumnDef } from '@tanstack/react-table';
import { useMemo, useState } from 'react';
import { useTargets } from '../../api/hooks';
import { serverNow } from '../../api/system';
import type { Target, TargetHealth } from '../../api/targets';
import { dateTime, utcTime } from '../../format/clock';
import { formatAge } from '../../format/units';
import type { ListSearch } from '../../frame/router';
import { useTranslate } from '../../i18n/translate';
import { type Severity, SeverityMark, StateLine } from '../../parts/StateLine';
import { Freshness, Message, Skeleton } from '../../parts/States';
import { NumberCell, TrendCell } from '../../table/cells';
import { DataTable } from '../../table/DataTable';
import list from '../objects/ListView.module.css';
import { type ListSource, useObjectRows } from '../objects/useObjectRows';
import { TargetDialog } from './TargetDialog';
import styles from './TargetsView.module.css';

type Measure = 'duration' | 'samples' | 'added';
const queries: Record<Measure, string> = {
  duration: 'scrape_duration_seconds',
  samples: 'scrape_samples_post_metric_relabeling',
  added: 'sum_over_time(scrape_series_added[1h])',
};
const SOURCE: ListSource<Measure, 'duration' | 'samples'> = {
  queries: () => queries,
  trends: ['duration', 'samples'],
  keyOf: (labels) => keyOf(labels.job ?? '', labels.instance ?? ''),
};

/** A target with what its scrapes measured. */
interface TargetRow extends Target {
  key: string;
  now: Partial<Record<Measure, number | null>>;
  trend: Partial<Record<'duration' | 'samples', Array<number | null>>>;
}

const SEVERITY: Record<TargetHealth, Severity> = { down: 'critical', unknown: 'unknown', up: 'good' };
const RANK: Record<TargetHealth, number> = { down: 2, unknown: 1, up: 0 };

function keyOf(job: string, instance: string): string {
  return `${job} ${instance}`;
}

export function TargetsView() {
  const t = useTranslate();
  const navigate = useNavigate();
  const search = useSearch({ from: '/targets' }) as ListSearch;
  const [opened, setOpened] = useState<TargetRow | null>(null);
  const answer = useTargets();
  const { rows: measured } = useObjectRows(SOURCE);
  const rows = useMemo(() => {
    const byKey = new Map(measured.map((row) => [row.key, row]));
    return (answer.data?.active ?? []).map((target): TargetRow => {
      const { job = '', instance = '' } = target.labels;
      const found = byKey.get(keyOf(job, instance));
      return {
        ...target,
        key: `${target.pool} ${target.url}`,
        now: found?.now ?? {},
        trend: found?.trend ?? {},
      };
    });
  }, [answer.data, measured]);
  const columns = useTargetColumns();
  const change = (next: Record<string, string | undefined>): void =>
    void navigate({ to: '.', search: (old: object) => ({ ...old, ...next }) as never, replace: true });
  const dropped = Object.values(answer.data?.dropped ?? {}).reduce((sum, count) => sum + count, 0);
  return (
    <div className={list.page}>
      <div className={list.head}>
        <h1>{t('area.targets')}</h1>
        {rows.length > 0 && <State rows={rows} />}
        {dropped > 0 && <p className={styles.dropped}>{t('targets.dropped', { count: dropped })}</p>}
        <Freshness answers={[answer]} />
      </div>
      <div className={list.table}>
        <DataTable
          name="targets"
          label={t('area.targets')}
          rows={rows}
          columns={columns}
          rowKey={(row) => row.key}
          searchText={({ labels, url, pool, error }) =>
            [pool, url, error, ...Object.values(labels)].join(' ')
          }
          onOpen={setOpened}
          filter={search.q ?? ''}
          onFilter={(q) => change({ q: q || undefined })}
          sort={search.sort ?? '-health'}
          onSort={(sort) => change({ sort: sort === '-health' ? undefined : sort })}
          empty={
            answer.error !== null && answer.data === undefined ? (
              <Message kind="error" text={answer.error.message} onRetry={answer.retry} />
            ) : answer.data === undefined ? (
              <Skeleton lines={5} />
            ) : (
              <Message
                kind="empty"
                text={search.q ? t('table.noMatch', { typed: search.q }) : t('targets.none')}
              />
            )
          }
        />
      </div>
      {opened !== null && <TargetDialog target={opened} onClose={() => setOpened(null)} />}
    </div>
  );
}

/** One sentence: who does not answer, and why. */
function State({ rows }: { rows: readonly TargetRow[] }) {
  const t = useTranslate();
  const down = rows.filter((row) => row.health === 'down');
  const [first] = down;
  if (first === undefined) {
    const waiting = rows.filter((row) => row.health === 'unknown').length;
    return (
      <StateLine
        severity={waiting > 0 ? 'unknown' : 'good'}
        text={
          waiting > 0
            ? t('targets.waiting', { waiting, count: rows.length })
            : t(rows.length === 1 ? 'targets.goodOne' : 'targets.good', { count: rows.length })
        }
      />
    );
  }
  const params = {
    down: down.length,
    count: rows.length,
    name: first.labels.instance ?? first.url,
    error: first.error,
  };
  return (
    <StateLine severity="critical" text={t(down.length === 1 ? 'targets.downOne' : 'targets.down', params)} />
  );
}

function useTargetColumns() {
  const t = useTranslate();
  return useMemo(() => {
    const health: ColumnDef<TargetRow, number | null> = {
      id: 'health',
      header: t('targets.health'),
      accessorFn: (row) => RANK[row.health],
      meta: { width: 96 },
      cell: ({ row: { original } }) => (
        <span className={styles.health}>
          <SeverityMark severity={SEVERITY[original.health]} bare /> {t(`targets.health.${original.health}`)}
        </span>
      ),
    };
    const target: ColumnDef<TargetRow, string> = {
      id: 'target',
      header: t('targets.target'),
      accessorFn: (row) => row.labels.instance ?? row.url,
      sortDescFirst: false,
      enableHiding: false,
      meta: { width: 180 },
      cell: ({ row: { original } }) => (
        <span title={original.url}>{original.labels.instance ?? original.url}</span>
      ),
    };
    const job: ColumnDef<TargetRow, string> = {
      id: 'job',
      header: t('targets.job'),
      accessorFn: (row) => row.labels.job ?? row.pool,
      sortDescFirst: false,
      meta: { width: 120, wide: true },
    };
    const scraped: ColumnDef<TargetRow, number | null> = {
      id: 'scraped',
      header: t('targets.scraped'),
      accessorFn: (row) => row.scrapedAt,
      meta: { right: true, width: 96, wide: true },
      cell: ({
        row: {
          original: { scrapedAt },
        },
      }) =>
        scrapedAt === null ? (
          '–'
        ) : (
          <span title={`${dateTime(scrapedAt)} · ${utcTime(scrapedAt)}`}>
            {t('time.ago', { span: formatAge(Math.max(0, serverNow() - scrapedAt)) })}
          </span>
        ),
    };
    const duration: ColumnDef<TargetRow, number | null> = {
      id: 'duration',
      header: t('targets.duration'),
      accessorFn: (row) => row.now.duration ?? row.durationMs / 1000,
      meta: { right: true, width: 132, hint: t('targets.durationHint') },
      cell: ({ row: { original } }) => (
        <TrendCell
          value={original.now.duration ?? original.durationMs / 1000}
          unit="seconds"
          trend={original.trend.duration}
          color="var(--series-0)"
        />
      ),
    };
    const samples: ColumnDef<TargetRow, number | null> = {
      id: 'samples',
      header: t('targets.samples'),
      accessorFn: (row) => row.now.samples ?? null,
      meta: { right: true, width: 132, wide: true, hint: t('targets.samplesHint') },
      cell: ({ row: { original } }) => (
        <TrendCell
          value={original.now.samples}
          unit="count"
          trend={original.trend.samples}
          color="var(--series-3)"
        />
      ),
    };
    const added: ColumnDef<TargetRow, number | null> = {
      id: 'added',
      header: t('targets.added'),
      accessorFn: (row) => row.now.added ?? null,
      meta: { right: true, width: 96, wide: true, hint: t('targets.addedHint') },
      cell: ({ row: { original } }) => <NumberCell value={original.now.added} unit="count" />,
    };
    const error: ColumnDef<TargetRow, string> = {
      id: 'error',
      header: t('targets.error'),
      accessorFn: (row) => row.error,
      meta: { width: 260, wide: true },
      cell: ({ row: { original } }) => <span title={original.error}>{original.error}</span>,
    };
    return [health, target, job, scraped, duration, samples, added, error];
  }, [t]);
}
