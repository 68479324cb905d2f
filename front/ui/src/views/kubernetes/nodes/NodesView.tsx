// The nodes of a cluster, those that deserve attention first, with what they have, promise and use.
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { ColumnDef } from '@tanstack/react-table';
import { useMemo } from 'react';
import { useNodes } from '../../../api/clusterHooks';
import type { ClusterNode } from '../../../api/kubernetes';
import type { KubernetesSearch } from '../../../frame/router';
import { useLanguage, useTranslate } from '../../../i18n/translate';
import { NumberCell, ShareBar, TrendCell } from '../../../table/cells';
import { DataTable } from '../../../table/DataTable';
import { ListEmpty, ListFrame, useChange } from '../ListFrame';
import { AgeCell, ObjectLink, StateCell } from '../parts';
import { RANK, stateText } from '../words';
import { nodesState } from './state';
import { type NodeUse, useNodeUse } from './useNodeUse';

export interface NodeRow extends ClusterNode {
  use: NodeUse;
}

export function NodesView() {
  const t = useTranslate();
  const [language] = useLanguage();
  const { cluster } = useParams({ strict: false }) as { cluster: string };
  const search = useSearch({ strict: false }) as KubernetesSearch;
  const navigate = useNavigate();
  const change = useChange();
  const answer = useNodes(cluster);
  const nodes = answer.data?.nodes;
  const useOf = useNodeUse(nodes ?? []);
  const rows = useMemo(
    () =>
      (nodes ?? [])
        .map((node): NodeRow => ({ ...node, use: useOf(node) }))
        .sort(
          (a, b) =>
            RANK[b.state.severity] - RANK[a.state.severity] ||
            pressure(b) - pressure(a) ||
            a.name.localeCompare(b.name),
        ),
    [nodes, useOf],
  );
  const columns = useColumns(cluster);
  return (
    <ListFrame
      title={t('area.nodes')}
      state={nodes === undefined ? null : nodesState(nodes, t, language)}
      answers={[answer]}
    >
      <DataTable
        name="nodes"
        label={t('area.nodes')}
        rows={rows}
        columns={columns}
        rowKey={(row) => row.name}
        searchText={(row) =>
          [
            row.name,
            row.internalIP,
            row.osImage,
            row.kubeletVersion,
            ...row.roles,
            stateText(row.state, language),
          ].join(' ')
        }
        onOpen={({ name }) =>
          void navigate({ to: '/clusters/$cluster/nodes/$name', params: { cluster, name } })
        }
        filter={search.q ?? ''}
        onFilter={(q) => change({ q: q || undefined })}
        sort={search.sort ?? '-state'}
        onSort={(sort) => change({ sort: sort === '-state' ? undefined : sort })}
        empty={
          <ListEmpty
            answer={answer}
            text={search.q ? t('table.noMatch', { typed: search.q }) : t('k8s.noNodes')}
          />
        }
      />
    </ListFrame>
  );
}

/** How full a node is with promises: the larger share of CPU and memory. */
function pressure({ requested, allocatable }: ClusterNode): number {
  const share = (used: number | null, all: number | null): number =>
    (used ?? 0) / (all || Number.POSITIVE_INFINITY);
  return Math.max(share(requested.cpu, allocatable.cpu), share(requested.memory, allocatable.memory));
}

function useColumns(cluster: string) {
  const t = useTranslate();
  return useMemo(() => {
    const name: ColumnDef<NodeRow, string> = {
      id: 'name',
      header: t('k8s.node'),
      accessorFn: (row) => row.name,
      sortDescFirst: false,
      enableHiding: false,
      meta: { width: 152 },
      cell: ({ row: { original } }) => (
        <ObjectLink cluster={cluster} target={{ kind: 'Node', namespace: '', name: original.name }} />
      ),
    };
    const state: ColumnDef<NodeRow, number | null> = {
      id: 'state',
      header: t('k8s.state'),
      accessorFn: (row) => RANK[row.state.severity],
      meta: { width: 184, grows: true },
      cell: ({ row: { original } }) => <StateCell state={original.state} />,
    };
    const text = (
      id: string,
      header: string,
      width: number,
      value: (row: NodeRow) => string,
    ): ColumnDef<NodeRow, string> => ({
      id,
      header,
      accessorFn: value,
      sortDescFirst: false,
      meta: { width, wide: true },
      cell: ({ row: { original } }) => <span title={value(original)}>{value(original)}</span>,
    });
    const used = (id: 'cpu' | 'memory', header: string): ColumnDef<NodeRow, number | null> => ({
      id,
      header,
      accessorFn: (row) => row.use[id].now,
      meta: { right: true, width: id === 'cpu' ? 108 : 124, wide: true, hint: t('k8s.usedHint') },
      cell: ({ row: { original } }) => (
        <TrendCell
          value={original.use[id].now}
          unit={id === 'cpu' ? 'number' : 'bytes'}
          trend={original.use[id].trend}
          max={original.capacity[id] ?? undefined}
          color={id === 'cpu' ? 'var(--series-0)' : 'var(--series-3)'}
        />
      ),
    });
    const requested = (id: 'cpu' | 'memory', header: string): ColumnDef<NodeRow, number | null> => ({
      id: `${id}Requested`,
      header,
      accessorFn: (row) => (row.requested[id] ?? 0) / (row.allocatable[id] || Number.NaN),
      meta: { right: true, width: 98, wide: true, hint: t('k8s.requestedHint') },
      cell: ({ row: { original } }) => (
        <ShareBar
          share={original.allocatable[id] ? (original.requested[id] ?? 0) / original.allocatable[id] : null}
        />
      ),
    });
    const pods: ColumnDef<NodeRow, number | null> = {
      id: 'pods',
      header: t('k8s.pods'),
      accessorFn: (row) => row.pods,
      meta: { right: true, width: 52, wide: true },
      cell: ({ row: { original } }) => (
        <span title={t('k8s.podsOf', { pods: original.pods, all: original.allocatable.pods ?? 0 })}>
          <NumberCell value={original.pods} unit="count" />
        </span>
      ),
    };
    const age: ColumnDef<NodeRow, number | null> = {
      id: 'age',
      header: t('k8s.age'),
      accessorFn: (row) => row.createdAt,
      meta: { right: true, width: 60, wide: true },
      cell: ({ row: { original } }) => <AgeCell atMs={original.createdAt} />,
    };
    return [
      name,
      state,
      text('roles', t('k8s.roles'), 100, (row) => row.roles.join(', ')),
      text('version', t('k8s.version'), 72, (row) => row.kubeletVersion),
      pods,
      used('cpu', t('k8s.cpu')),
      requested('cpu', t('k8s.cpuRequested')),
      used('memory', t('k8s.memory')),
      requested('memory', t('k8s.memoryRequested')),
      age,
    ];
  }, [t, cluster]);
}
