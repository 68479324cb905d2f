// Events of a cluster: live, searched by text and narrowed by what they are about, counted over time.
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { ColumnDef } from '@tanstack/react-table';
import { X } from 'lucide-react';
import { useDeferredValue, useMemo } from 'react';
import { useEvents } from '../../../api/clusterHooks';
import type { ClusterEvent } from '../../../api/events';
import { dateTime, utcTime } from '../../../format/clock';
import { formatSpan } from '../../../format/units';
import type { KubernetesSearch } from '../../../frame/router';
import { useTranslate } from '../../../i18n/translate';
import { useSameText } from '../../../parts/useSame';
import { DataTable } from '../../../table/DataTable';
import { useTime } from '../../../time/useTime';
import { objectAddress } from '../address';
import { Choice, ListEmpty, ListFrame, useChange } from '../ListFrame';
import { AgeCell, ObjectLink } from '../parts';
import { sentence } from '../words';
import { eventKey, Times, TypeMark } from './EventList';
import styles from './EventsView.module.css';
import { Histogram } from './Histogram';
import { windowOf } from './window';

const FIRST = 200;
const MOST = 10_000;
/** What a click on a cell narrows to. */
const NARROWED = ['kind', 'object', 'namespace', 'owner', 'node', 'reason'] as const;

export function EventsView() {
  const t = useTranslate();
  const { cluster } = useParams({ strict: false }) as { cluster: string };
  const search = useSearch({ strict: false }) as KubernetesSearch;
  const navigate = useNavigate();
  const change = useChange();
  const time = useTime();
  const window = useSameText(windowOf(time.search));
  const typed = useDeferredValue(search.q);
  const { type, kind, object, namespace, owner, node, reason } = search;
  const question = useSameText({ cluster, text: typed, type, kind, object, namespace, owner, node, reason });
  const limit = Math.min(MOST, Math.max(FIRST, Number(search.limit) || FIRST));
  const { startMs, endMs } = window;
  const isLive = endMs === undefined;
  const answer = useEvents({ ...question, startMs, endMs }, limit, isLive ? window.spanMs : null);
  const { data } = answer;
  const rows = data?.events ?? [];
  const columns = useColumns(cluster, change);
  const narrowed = NARROWED.filter((name) => search[name] !== undefined);
  return (
    <ListFrame
      title={t('area.events')}
      state={null}
      answers={[answer]}
      above={<Histogram question={question} window={window} />}
    >
      <DataTable
        name="events"
        label={t('area.events')}
        lead={
          <div className={styles.choices}>
            <Choice
              label={t('k8s.type')}
              all={t('k8s.allTypes')}
              value={type}
              options={[
                { value: 'Warning', text: t('k8s.type.warning') },
                { value: 'Normal', text: t('k8s.type.normal') },
              ]}
              onChange={(value) => change({ type: value })}
            />
            {narrowed.map((name) => (
              <button
                key={name}
                type="button"
                className={styles.chip}
                aria-label={t('k8s.takeOff', { what: `${name} ${search[name]}` })}
                onClick={() => change({ [name]: undefined })}
              >
                <small>{t(`k8s.by.${name}`)}</small>
                <span>{search[name]}</span>
                <X />
              </button>
            ))}
          </div>
        }
        rows={rows}
        columns={columns}
        rowKey={eventKey}
        searchText={(row) => [row.message, row.reason, row.object.name].join(' ')}
        onOpen={(row) => void navigate(objectAddress(cluster, objectOf(row)))}
        filter={search.q ?? ''}
        onFilter={(q) => change({ q: q || undefined })}
        sort={search.sort ?? '-time'}
        onSort={(sort) => change({ sort: sort === '-time' ? undefined : sort })}
        empty={
          <ListEmpty answer={answer} text={t('k8s.noEventsIn', { span: formatSpan(window.spanMs) })}>
            <p className={styles.wider}>
              <button
                type="button"
                onClick={() => time.change({ range: '7d', from: undefined, to: undefined })}
              >
                {t('k8s.widen')}
              </button>
            </p>
          </ListEmpty>
        }
      />
      {data !== undefined && data.next !== null && limit < MOST && (
        <button
          type="button"
          className={styles.more}
          onClick={() => change({ limit: String(Math.min(MOST, limit * 4)) })}
        >
          {t('k8s.moreEvents', { count: rows.length })}
        </button>
      )}
    </ListFrame>
  );
}

function objectOf({ object, namespace }: ClusterEvent) {
  return { ...object, namespace: object.kind === 'Node' ? '' : namespace };
}

function useColumns(cluster: string, change: (next: KubernetesSearch) => void) {
  const t = useTranslate();
  return useMemo(() => {
    const narrow = (name: (typeof NARROWED)[number], value: string | undefined) =>
      value === undefined || value === '' ? (
        '–'
      ) : (
        <button
          type="button"
          className={styles.narrow}
          title={t('k8s.narrow', { value })}
          onClick={() => change({ [name]: value })}
        >
          {value}
        </button>
      );
    const time: ColumnDef<ClusterEvent, string> = {
      id: 'time',
      header: t('k8s.when'),
      accessorFn: (row) => row.time,
      enableHiding: false,
      meta: { width: 60, right: true },
      cell: ({ row: { original } }) => <AgeCell atMs={Date.parse(original.time)} />,
    };
    const reason: ColumnDef<ClusterEvent, string> = {
      id: 'reason',
      header: t('k8s.reason'),
      accessorFn: (row) => row.reason,
      sortDescFirst: false,
      meta: { width: 116 },
      cell: ({ row: { original } }) => (
        <span className={styles.reason} data-type={original.type}>
          <TypeMark type={original.type} />
          {narrow('reason', original.reason)}
        </span>
      ),
    };
    const object: ColumnDef<ClusterEvent, string> = {
      id: 'object',
      header: t('k8s.object'),
      accessorFn: (row) => `${row.object.kind} ${row.object.name}`,
      sortDescFirst: false,
      meta: { width: 194 },
      cell: ({ row: { original } }) => (
        <ObjectLink cluster={cluster} target={objectOf(original)}>
          <small className={styles.kind}>{original.object.kind}</small> {original.object.name}
        </ObjectLink>
      ),
    };
    const message: ColumnDef<ClusterEvent, string> = {
      id: 'message',
      header: t('k8s.message'),
      accessorFn: (row) => row.message,
      sortDescFirst: false,
      meta: { width: 268, wide: true, grows: true },
      cell: ({ row: { original } }) => {
        const atMs = Date.parse(original.time);
        return (
          <span
            className={styles.message}
            title={`${original.message}\n${dateTime(atMs)} · ${utcTime(atMs)}`}
          >
            {original.message}
          </span>
        );
      },
    };
    const count: ColumnDef<ClusterEvent, number | null> = {
      id: 'count',
      header: t('k8s.count'),
      accessorFn: (row) => row.count,
      meta: { right: true, width: 84, wide: true, hint: t('k8s.countHint') },
      cell: ({ row: { original } }) => <Times event={original} />,
    };
    const where = (
      id: 'namespace' | 'node' | 'owner',
      width: number,
      value: (row: ClusterEvent) => string | undefined,
    ): ColumnDef<ClusterEvent, string> => ({
      id,
      header: sentence(t(`k8s.by.${id}`)),
      accessorFn: (row) => value(row) ?? '',
      sortDescFirst: false,
      meta: { width, wide: true },
      cell: ({ row: { original } }) => narrow(id, value(original)),
    });
    return [
      time,
      reason,
      object,
      message,
      count,
      where('namespace', 92, (row) => row.namespace),
      where('owner', 96, (row) => row.owner?.name),
      where('node', 88, (row) => row.node),
    ];
  }, [t, cluster, change]);
}
