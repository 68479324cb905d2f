// What happened to one object, and to what it owns: the newest first, as far back as events are kept.
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useEvents } from '../../../api/clusterHooks';
import type { ClusterEvent } from '../../../api/events';
import type { ObjectRef } from '../../../api/kubernetes';
import { useTranslate } from '../../../i18n/translate';
import { SeverityMark } from '../../../parts/StateLine';
import { Message, Skeleton } from '../../../parts/States';
import { AgeCell, ObjectLink } from '../parts';
import styles from './EventList.module.css';

const FIRST = 20;
const MORE = 200;

/** Both lists as one, the newest first, each observation once. */
export function mergeEvents(lists: ReadonlyArray<readonly ClusterEvent[]>): ClusterEvent[] {
  const byKey = new Map<string, ClusterEvent>();
  for (const event of lists.flat()) byKey.set(eventKey(event), event);
  return [...byKey.values()].sort((a, b) => b.time.localeCompare(a.time));
}

export function eventKey({ uid, time, count }: ClusterEvent): string {
  return `${uid} ${time} ${count}`;
}

export function EventList({ cluster, target }: { cluster: string; target: Omit<ObjectRef, 'apiVersion'> }) {
  const t = useTranslate();
  const [limit, setLimit] = useState(FIRST);
  const { kind, namespace, name } = target;
  const isNode = kind === 'Node';
  // Events about a node carry the namespace `default`, so its name must do.
  const own = useEvents(
    { cluster, kind, object: name, namespace: isNode ? undefined : namespace },
    limit,
    null,
  );
  const others = useEvents(
    isNode ? { cluster, node: name } : { cluster, owner: name, namespace: namespace || undefined },
    limit,
    null,
  );
  const events = useMemo(
    () => mergeEvents([own.data?.events ?? [], others.data?.events ?? []]),
    [own.data, others.data],
  );
  const hasMore = (own.data?.next ?? null) !== null || (others.data?.next ?? null) !== null;
  if (own.data === undefined) {
    return own.error === null ? (
      <Skeleton />
    ) : (
      <Message kind="error" text={own.error.message} onRetry={own.retry} />
    );
  }
  if (events.length === 0) return <Message kind="empty" text={t('k8s.noEventsOf', { name })} />;
  return (
    <div className={styles.box}>
      <ul className={styles.events}>
        {events.slice(0, limit).map((event) => (
          <li key={eventKey(event)} data-type={event.type}>
            <span className={styles.time}>
              <AgeCell atMs={Date.parse(event.time)} />
            </span>
            <SeverityMark severity={event.type === 'Warning' ? 'warning' : 'unknown'} bare />
            <b>{event.reason}</b>
            <p title={event.message}>
              {event.object.name !== name && (
                <ObjectLink
                  cluster={cluster}
                  target={{ ...event.object, namespace: event.object.kind === 'Node' ? '' : event.namespace }}
                />
              )}{' '}
              {event.message}
            </p>
            <Times event={event} />
          </li>
        ))}
      </ul>
      <footer>
        {hasMore && (
          <button type="button" onClick={() => setLimit(MORE)}>
            {t('k8s.olderEvents')}
          </button>
        )}
        <Link
          to="/clusters/$cluster/events"
          params={{ cluster }}
          search={(old: object) => ({ ...old, ...(isNode ? { node: name } : { object: name }) }) as never}
        >
          {t('k8s.searchEvents')}
        </Link>
      </footer>
    </div>
  );
}

/** How often it happened in all, and since the observation before. */
export function Times({ event: { count, delta } }: { event: ClusterEvent }) {
  const t = useTranslate();
  if (count <= 1) return <span className={styles.times} />;
  return (
    <span className={styles.times} title={t('k8s.timesHint', { count, delta })}>
      ×{count}
      {delta > 0 && delta < count && <small> +{delta}</small>}
    </span>
  );
}
