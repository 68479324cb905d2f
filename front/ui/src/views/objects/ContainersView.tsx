// Containers and services, side by side but never mixed: the URL says which are shown.
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { ColumnDef } from '@tanstack/react-table';
import { useMemo } from 'react';
import type { Unit } from '../../format/units';
import type { ListSearch } from '../../frame/router';
import { useTranslate } from '../../i18n/translate';
import { Freshness, Message, Skeleton } from '../../parts/States';
import { NumberCell, ShareBar, TrendCell } from '../../table/cells';
import { DataTable } from '../../table/DataTable';
import styles from './ListView.module.css';
import { type ContainerQueries, containerName, containerQueries, isRealContainer } from './queries';
import type { ObjectRow } from './rows';
import { type ListSource, useObjectRows } from './useObjectRows';

type Trend = 'cpu' | 'memory' | 'network' | 'disk';
type ContainerRow = ObjectRow<keyof ContainerQueries, Trend>;
const SOURCE: ListSource<keyof ContainerQueries, Trend> = {
  queries: (rate) => containerQueries(rate),
  trends: ['cpu', 'memory', 'network', 'disk'],
  keyOf: (labels) => labels.id ?? '',
};
const TREND_WIDTHS: Record<Trend, number> = { cpu: 100, memory: 120, network: 118, disk: 118 };

export function ContainersView() {
  const t = useTranslate();
  const navigate = useNavigate();
  const search = useSearch({ from: '/containers/' }) as ListSearch;
  const { rows: known, answers } = useObjectRows(SOURCE);
  const all = known.filter((row) => row.now.memory !== undefined);
  const containers = all.filter((row) => isRealContainer(row.labels));
  const services = all.filter((row) => !isRealContainer(row.labels));
  // A machine without containers shows its services at once.
  const kind = search.kind ?? (containers.length === 0 && services.length > 0 ? 'services' : 'containers');
  const rows = kind === 'services' ? services : containers;
  const columns = useContainerColumns(kind);
  const pending = answers.every((answer) => answer.data === undefined && answer.error === null);
  const failed = answers.find((answer) => answer.error !== null && answer.data === undefined);
  const change = (next: Record<string, string | undefined>): void =>
    void navigate({ to: '.', search: (old: object) => ({ ...old, ...next }) as never, replace: true });
  const tab = (each: 'containers' | 'services', count: number) => (
    <button type="button" role="tab" aria-selected={kind === each} onClick={() => change({ kind: each })}>
      {t(`containers.${each}`)} <small>{count}</small>
    </button>
  );
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>{t('area.containers')}</h1>
        <p>{t('containers.about')}</p>
        <Freshness answers={answers} />
      </div>
      <div className={styles.table}>
        <DataTable
          name={kind}
          label={t(`containers.${kind}`)}
          lead={
            <div className={styles.tabs} role="tablist" aria-label={t('containers.kind')}>
              {tab('containers', containers.length)}
              {tab('services', services.length)}
            </div>
          }
          rows={rows}
          columns={columns}
          rowKey={(row) => row.key}
          searchText={({ labels }) => Object.values(labels).join(' ')}
          onOpen={(row) =>
            void navigate({ to: '/containers/$', params: { _splat: row.key.replace(/^\//, '') } })
          }
          filter={search.q ?? ''}
          onFilter={(q) => change({ q: q || undefined })}
          sort={search.sort ?? '-memory'}
          onSort={(sort) => change({ sort: sort === '-memory' ? undefined : sort })}
          empty={
            failed !== undefined ? (
              <Message kind="error" text={failed.error?.message ?? ''} onRetry={failed.retry} />
            ) : pending ? (
              <Skeleton lines={5} />
            ) : (
              <Message
                kind="empty"
                text={search.q ? t('table.noMatch', { typed: search.q }) : t(`containers.none.${kind}`)}
              />
            )
          }
        />
      </div>
    </div>
  );
}

function useContainerColumns(kind: 'containers' | 'services') {
  const t = useTranslate();
  return useMemo(() => {
    const trend = (
      id: Trend,
      header: string,
      unit: Unit,
      color: string,
      hint?: string,
    ): ColumnDef<ContainerRow, number | null> => ({
      id,
      header,
      accessorFn: (row) => row.now[id] ?? null,
      meta: {
        right: true,
        width: TREND_WIDTHS[id],
        wide: id !== 'cpu' && id !== 'memory',
        ...(hint === undefined ? {} : { hint }),
      },
      cell: ({ row: { original } }) => (
        <TrendCell value={original.now[id]} unit={unit} trend={original.trend[id]} color={color} />
      ),
    });
    const count = (
      id: 'pids' | 'oom' | 'restarts',
      header: string,
      hint: string,
      bad: boolean,
    ): ColumnDef<ContainerRow, number | null> => ({
      id,
      header,
      accessorFn: (row) => row.now[id] ?? null,
      meta: { right: true, width: id === 'pids' ? 76 : 56, wide: true, hint },
      cell: ({ row: { original } }) => (
        <span className={bad && (original.now[id] ?? 0) > 0 ? styles.bad : undefined}>
          <NumberCell value={original.now[id]} unit="count" />
        </span>
      ),
    });
    const name: ColumnDef<ContainerRow, string> = {
      id: 'name',
      header: t('containers.name'),
      accessorFn: (row) => containerName(row.labels),
      sortDescFirst: false,
      enableHiding: false,
      meta: { width: kind === 'containers' ? 128 : 140 },
      cell: ({ row: { original } }) => (
        <Link
          to="/containers/$"
          params={{ _splat: original.key.replace(/^\//, '') }}
          className={styles.link}
          title={original.key}
        >
          {containerName(original.labels)}
        </Link>
      ),
    };
    const image: ColumnDef<ContainerRow, string> = {
      id: 'image',
      header: t('containers.image'),
      accessorFn: (row) => row.labels.image ?? '',
      sortDescFirst: false,
      meta: { width: 96, wide: true },
    };
    const throttled: ColumnDef<ContainerRow, number | null> = {
      id: 'throttled',
      header: t('containers.throttled'),
      accessorFn: (row) => row.now.throttled ?? null,
      meta: { right: true, width: 76, wide: true, hint: t('containers.throttledHint') },
      cell: ({ row: { original } }) => <NumberCell value={original.now.throttled} unit="ratio" />,
    };
    const limit: ColumnDef<ContainerRow, number | null> = {
      id: 'limit',
      header: t('containers.ofLimit'),
      accessorFn: (row) =>
        row.now.limit == null || row.now.memory == null ? null : row.now.memory / row.now.limit,
      meta: { right: true, width: 108, wide: true, hint: t('containers.ofLimitHint') },
      cell: ({ getValue }) => {
        const share = getValue();
        return share === null ? (
          <span className={styles.rest}>{t('containers.noLimit')}</span>
        ) : (
          <ShareBar share={share} />
        );
      },
    };
    return [
      name,
      ...(kind === 'containers' ? [image] : []),
      trend('cpu', 'CPU', 'ratio', 'var(--series-0)'),
      throttled,
      trend('memory', t('process.memory'), 'bytes', 'var(--series-3)'),
      limit,
      ...(kind === 'containers'
        ? [trend('network', t('section.network'), 'bytes/s', 'var(--series-6)', t('containers.networkHint'))]
        : []),
      trend('disk', t('process.io'), 'bytes/s', 'var(--series-1)', t('containers.diskHint')),
      count('pids', t('containers.pids'), t('containers.pidsHint'), false),
      count('restarts', t('containers.restarts'), t('containers.restartsHint'), true),
      count('oom', t('containers.oom'), t('containers.oomHint'), true),
    ];
  }, [t, kind]);
}
