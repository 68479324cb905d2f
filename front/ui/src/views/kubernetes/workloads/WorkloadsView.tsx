// What runs in a cluster, by owner: what does not work first, with what it uses of what it asked for.
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { ColumnDef } from '@tanstack/react-table';
import { useEffect, useMemo, useState } from 'react';
import { useWorkloads } from '../../../api/clusterHooks';
import type { Workload } from '../../../api/kubernetes';
import type { KubernetesSearch } from '../../../frame/router';
import { useLanguage, useTranslate } from '../../../i18n/translate';
import { NumberCell, ShareBar, TrendCell } from '../../../table/cells';
import { DataTable } from '../../../table/DataTable';
import { objectAddress } from '../address';
import { Choice, ListEmpty, ListFrame, useChange } from '../ListFrame';
import { AgeCell, ObjectLink, StateCell } from '../parts';
import { RANK, refKey, shortImage, stateText } from '../words';
import { workloadsState } from './state';
import { useWorkloadUse, type WorkloadUse } from './useWorkloadUse';
import styles from './WorkloadsView.module.css';

/** As many as are worth holding in a page; beyond, the server searches. */
const HELD = 1000;
const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job', 'ReplicaSet', 'Pod'];

export interface WorkloadRow extends Workload {
  use: WorkloadUse;
}

export function WorkloadsView() {
  const t = useTranslate();
  const [language] = useLanguage();
  const { cluster } = useParams({ strict: false }) as { cluster: string };
  const search = useSearch({ strict: false }) as KubernetesSearch;
  const navigate = useNavigate();
  const change = useChange();
  const [isLarge, setLarge] = useState(false);
  const { namespace, kind, severity } = search;
  const answer = useWorkloads(cluster, {
    namespace,
    kind,
    severity,
    q: isLarge ? search.q : undefined,
    limit: HELD,
  });
  const { data } = answer;
  useEffect(() => {
    if ((data?.total ?? 0) > HELD) setLarge(true);
  }, [data]);
  const list = data?.workloads;
  const uses = useWorkloadUse(cluster, list ?? []);
  const rows = useMemo(
    () => (list ?? []).map((workload): WorkloadRow => ({ ...workload, use: uses(refKey(workload)) })),
    [list, uses],
  );
  const columns = useColumns(cluster);
  const isNarrowed = namespace !== undefined || kind !== undefined || severity !== undefined;
  return (
    <ListFrame
      title={t('area.workloads')}
      state={
        data === undefined || isNarrowed ? null : workloadsState(data.workloads, data.total, t, language)
      }
      answers={[answer]}
    >
      <DataTable
        name="workloads"
        label={t('area.workloads')}
        lead={
          <div className={styles.choices}>
            <Choice
              label={t('k8s.namespace')}
              all={t('k8s.allNamespaces')}
              value={namespace}
              options={(data?.namespaces ?? []).map((value) => ({ value, text: value }))}
              onChange={(value) => change({ namespace: value })}
            />
            <Choice
              label={t('k8s.kind')}
              all={t('k8s.allKinds')}
              value={kind}
              options={KINDS.map((value) => ({ value, text: value }))}
              onChange={(value) => change({ kind: value })}
            />
            <button
              type="button"
              className={styles.toggle}
              aria-pressed={severity === 'warning'}
              onClick={() => change({ severity: severity === 'warning' ? undefined : 'warning' })}
            >
              {t('k8s.onlyUnwell')}
            </button>
          </div>
        }
        rows={rows}
        columns={columns}
        rowKey={refKey}
        searchText={(row) =>
          [row.kind, row.namespace, row.name, stateText(row.state, language), ...row.images].join(' ')
        }
        onOpen={(row) => void navigate(objectAddress(cluster, row))}
        filter={search.q ?? ''}
        onFilter={(q) => change({ q: q || undefined })}
        sort={search.sort ?? '-state'}
        onSort={(sort) => change({ sort: sort === '-state' ? undefined : sort })}
        empty={
          <ListEmpty
            answer={answer}
            text={
              search.q
                ? t('table.noMatch', { typed: search.q })
                : t(isNarrowed ? 'k8s.noneNarrowed' : 'k8s.noWorkloads')
            }
          />
        }
      />
      {data !== undefined && data.total > rows.length && (
        <p className={styles.more}>{t('k8s.worstOf', { shown: rows.length, total: data.total })}</p>
      )}
    </ListFrame>
  );
}

function useColumns(cluster: string) {
  const t = useTranslate();
  return useMemo(() => {
    const name: ColumnDef<WorkloadRow, string> = {
      id: 'name',
      header: t('k8s.workload'),
      accessorFn: (row) => row.name,
      sortDescFirst: false,
      enableHiding: false,
      meta: { width: 148 },
      cell: ({ row: { original } }) => (
        <span title={original.images.map(shortImage).join(', ')}>
          <ObjectLink cluster={cluster} target={original} />{' '}
          <small className={styles.quiet}>{original.kind}</small>
        </span>
      ),
    };
    const state: ColumnDef<WorkloadRow, number | null> = {
      id: 'state',
      header: t('k8s.state'),
      accessorFn: (row) => RANK[row.state.severity],
      meta: { width: 240, grows: true },
      cell: ({ row: { original } }) => (
        <StateCell state={original.state} isCounted={original.desired !== null} />
      ),
    };
    const namespace: ColumnDef<WorkloadRow, string> = {
      id: 'namespace',
      header: t('k8s.namespace'),
      accessorFn: (row) => row.namespace,
      sortDescFirst: false,
      meta: { width: 92, wide: true },
      cell: ({ row: { original } }) => (
        <span className={styles.quiet} title={original.namespace}>
          {original.namespace}
        </span>
      ),
    };
    const ready: ColumnDef<WorkloadRow, number | null> = {
      id: 'ready',
      header: t('k8s.readyColumn'),
      accessorFn: (row) => (row.desired === null || row.desired === 0 ? null : row.ready / row.desired),
      meta: { right: true, width: 56, wide: true, hint: t('k8s.readyHint') },
      cell: ({ row: { original } }) => (
        <span
          data-bad={original.desired !== null && original.ready < original.desired ? true : undefined}
          className={styles.ready}
        >
          {original.ready}
          <small>/{original.desired ?? '–'}</small>
        </span>
      ),
    };
    const restarts: ColumnDef<WorkloadRow, number | null> = {
      id: 'restarts',
      header: t('k8s.restarts'),
      accessorFn: (row) => row.restarts,
      meta: { right: true, width: 64, wide: true },
      cell: ({ row: { original } }) => <NumberCell value={original.restarts} unit="count" />,
    };
    const used = (id: 'cpu' | 'memory', header: string): ColumnDef<WorkloadRow, number | null> => ({
      id,
      header,
      accessorFn: (row) => row.use[id].now,
      meta: { right: true, width: 88, wide: true, hint: t('k8s.workloadUseHint') },
      cell: ({ row: { original } }) => (
        <TrendCell
          value={original.use[id].now}
          unit={id === 'cpu' ? 'number' : 'bytes'}
          trend={original.use[id].trend}
          color={id === 'cpu' ? 'var(--series-0)' : 'var(--series-3)'}
        />
      ),
    });
    const ofRequest: ColumnDef<WorkloadRow, number | null> = {
      id: 'cpuOfRequest',
      header: t('k8s.ofRequest'),
      accessorFn: (row) => shareOf(row.use.cpu.now, row.requested.cpu),
      meta: { right: true, width: 78, wide: true, hint: t('k8s.ofRequestHint') },
      cell: ({ row: { original } }) => (
        // More CPU than requested is no fault: it is lent while nobody else wants it.
        <ShareBar
          share={shareOf(original.use.cpu.now, original.requested.cpu)}
          warnAt={Number.POSITIVE_INFINITY}
          badAt={Number.POSITIVE_INFINITY}
        />
      ),
    };
    const ofLimit: ColumnDef<WorkloadRow, number | null> = {
      id: 'memoryOfLimit',
      header: t('k8s.ofLimit'),
      accessorFn: (row) => shareOf(row.use.memory.now, row.limits.memory),
      meta: { right: true, width: 78, wide: true, hint: t('k8s.ofLimitHint') },
      cell: ({ row: { original } }) => (
        <ShareBar share={shareOf(original.use.memory.now, original.limits.memory)} />
      ),
    };
    const age: ColumnDef<WorkloadRow, number | null> = {
      id: 'age',
      header: t('k8s.age'),
      accessorFn: (row) => row.createdAt,
      meta: { right: true, width: 62, wide: true },
      cell: ({ row: { original } }) => <AgeCell atMs={original.createdAt} />,
    };
    return [
      name,
      state,
      namespace,
      ready,
      restarts,
      used('cpu', t('k8s.cpu')),
      ofRequest,
      used('memory', t('k8s.memory')),
      ofLimit,
      age,
    ];
  }, [t, cluster]);
}

function shareOf(used: number | null, of: number | null): number | null {
  return used === null || of === null || of === 0 ? null : used / of;
}
