// All processes that are kept, the hungriest first.
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { ColumnDef } from '@tanstack/react-table';
import { useMemo } from 'react';
import { serverNow } from '../../api/system';
import { formatAge } from '../../format/units';
import type { ListSearch } from '../../frame/router';
import { useTranslate } from '../../i18n/translate';
import { Freshness, Message, Skeleton } from '../../parts/States';
import { NumberCell, TrendCell } from '../../table/cells';
import { DataTable } from '../../table/DataTable';
import styles from './ListView.module.css';
import { type ProcessQueries, processQueries } from './queries';
import type { ObjectRow } from './rows';
import { type ListSource, useObjectRows } from './useObjectRows';

type Trend = 'cpu' | 'memory' | 'read' | 'write';
export type ProcessRow = ObjectRow<keyof ProcessQueries, Trend>;

const SOURCE: ListSource<keyof ProcessQueries, Trend> = {
  queries: (rate) => processQueries(rate),
  trends: ['cpu', 'memory', 'read', 'write'],
  keyOf: (labels) => labels.pid ?? '',
};
const TREND_WIDTHS: Record<Trend, number> = { cpu: 108, memory: 124, read: 130, write: 130 };

export function ProcessesView() {
  const t = useTranslate();
  const navigate = useNavigate();
  const search = useSearch({ from: '/processes' }) as ListSearch;
  const { rows, answers } = useObjectRows(SOURCE);
  const columns = useProcessColumns();
  const pending = answers.every((answer) => answer.data === undefined && answer.error === null);
  const failed = answers.find((answer) => answer.error !== null && answer.data === undefined);
  const change = (next: ListSearch): void =>
    void navigate({ to: '.', search: (old: object) => ({ ...old, ...next }) as never, replace: true });
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>{t('area.processes')}</h1>
        <p>{t('process.about')}</p>
        <Freshness answers={answers} />
      </div>
      <div className={styles.table}>
        <DataTable
          name="processes"
          label={t('area.processes')}
          rows={rows}
          columns={columns}
          rowKey={(row) => row.key}
          searchText={({ labels }) => `${labels.comm} ${labels.pid} ${labels.user} ${labels.unit}`}
          onOpen={(row) => {
            if (row.key !== '') void navigate({ to: '/processes/$pid', params: { pid: row.key } });
          }}
          filter={search.q ?? ''}
          onFilter={(q) => change({ q: q || undefined })}
          sort={search.sort ?? '-cpu'}
          onSort={(sort) => change({ sort: sort === '-cpu' ? undefined : sort })}
          empty={
            failed !== undefined ? (
              <Message kind="error" text={failed.error?.message ?? ''} onRetry={failed.retry} />
            ) : pending ? (
              <Skeleton lines={5} />
            ) : (
              <Message
                kind="empty"
                text={search.q ? t('table.noMatch', { typed: search.q }) : t('top.noProcesses')}
              />
            )
          }
        />
      </div>
    </div>
  );
}

/** What a row is sorted by. The sum of all others is no process: it stays at the end. */
function rankOf<T extends number | string>(row: ProcessRow, value: T | null | undefined): T | undefined {
  return row.key === '' ? undefined : (value ?? undefined);
}

export function useProcessColumns() {
  const t = useTranslate();
  return useMemo(() => {
    const trend = (
      id: Trend,
      header: string,
      unit: 'ratio' | 'bytes' | 'bytes/s',
      color: string,
      hint?: string,
    ): ColumnDef<ProcessRow, number | undefined> => ({
      id,
      header,
      accessorFn: (row) => rankOf(row, row.now[id]),
      sortUndefined: 'last',
      meta: {
        right: true,
        width: TREND_WIDTHS[id],
        wide: id === 'read' || id === 'write',
        ...(hint === undefined ? {} : { hint }),
      },
      cell: ({ row: { original } }) => (
        <TrendCell value={original.now[id]} unit={unit} trend={original.trend[id]} color={color} />
      ),
    });
    const count = (id: 'files' | 'threads', header: string): ColumnDef<ProcessRow, number | undefined> => ({
      id,
      header,
      accessorFn: (row) => rankOf(row, row.now[id]),
      sortUndefined: 'last',
      meta: { right: true, width: 64, wide: true },
      cell: ({ row: { original } }) => <NumberCell value={original.now[id]} unit="count" />,
    });
    const text = (
      id: 'user' | 'unit',
      header: string,
      width: number,
    ): ColumnDef<ProcessRow, string | undefined> => ({
      id,
      header,
      accessorFn: (row) => rankOf(row, row.labels[id]),
      sortUndefined: 'last',
      sortDescFirst: false,
      meta: { width, wide: true },
    });
    const name: ColumnDef<ProcessRow, string | undefined> = {
      id: 'comm',
      header: t('process.name'),
      accessorFn: (row) => rankOf(row, row.labels.comm),
      sortUndefined: 'last',
      sortDescFirst: false,
      enableHiding: false,
      meta: { width: 136 },
      cell: ({ row: { original } }) =>
        original.key === '' ? (
          <span className={styles.rest}>{t('process.rest')}</span>
        ) : (
          <Link to="/processes/$pid" params={{ pid: original.key }} className={styles.link}>
            {original.labels.comm}
          </Link>
        ),
    };
    const pid: ColumnDef<ProcessRow, number | undefined> = {
      id: 'pid',
      header: 'PID',
      accessorFn: (row) => rankOf(row, Number(row.key)),
      sortUndefined: 'last',
      meta: { right: true, width: 60, wide: true },
      cell: ({ row: { original } }) => <span>{original.key === '' ? '–' : original.key}</span>,
    };
    const age: ColumnDef<ProcessRow, number | undefined> = {
      id: 'age',
      header: t('process.age'),
      accessorFn: (row) => rankOf(row, row.now.started == null ? null : serverNow() / 1000 - row.now.started),
      sortUndefined: 'last',
      meta: { right: true, width: 68, wide: true },
      cell: ({ row: { original } }) => (
        <span>
          {original.now.started == null || original.key === ''
            ? '–'
            : formatAge(serverNow() - original.now.started * 1000)}
        </span>
      ),
    };
    return [
      name,
      pid,
      trend('cpu', 'CPU', 'ratio', 'var(--series-0)', t('process.cpuHint')),
      trend('memory', t('process.memory'), 'bytes', 'var(--series-3)'),
      trend('read', t('process.read'), 'bytes/s', 'var(--series-2)'),
      trend('write', t('process.write'), 'bytes/s', 'var(--series-1)'),
      count('files', t('process.files')),
      count('threads', t('process.threads')),
      age,
      text('user', t('process.user'), 64),
      text('unit', t('process.unit'), 104),
    ];
  }, [t]);
}
