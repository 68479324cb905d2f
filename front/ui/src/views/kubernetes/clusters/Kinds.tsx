// What is held of a cluster, kind by kind: how it is kept in step with the API server, and what that costs.
import type { Cluster, KindStatus, SyncState } from '../../../api/kubernetes';
import { formatValue } from '../../../format/units';
import { useTranslate } from '../../../i18n/translate';
import { type Severity, SeverityMark } from '../../../parts/StateLine';
import { AgeCell } from '../parts';
import styles from './Kinds.module.css';

const SEVERITY: Record<SyncState, Severity> = {
  starting: 'unknown',
  syncing: 'notice',
  synced: 'good',
  retrying: 'warning',
  forbidden: 'warning',
  absent: 'unknown',
};

/** What is not in step stands first, then what there is most of. */
const RANK: Record<SyncState, number> = {
  retrying: 0,
  forbidden: 1,
  syncing: 2,
  starting: 3,
  synced: 4,
  absent: 5,
};

export function sortKinds(kinds: readonly KindStatus[]): KindStatus[] {
  return kinds
    .filter(({ state }) => state !== 'absent')
    .sort(
      (a, b) =>
        RANK[a.state] - RANK[b.state] || b.objects - a.objects || a.resource.localeCompare(b.resource),
    );
}

export function Kinds({ cluster }: { cluster: Cluster }) {
  const t = useTranslate();
  const kinds = sortKinds(cluster.kinds);
  const { memory } = cluster;
  return (
    <>
      <p className={styles.memory}>
        {t('k8s.memoryText', {
          source: cluster.source,
          bytes: formatValue(memory.bytes, 'bytes'),
          each: formatValue(memory.objects > 0 ? memory.bytes / memory.objects : null, 'bytes'),
          strings: formatValue(memory.strings, 'count'),
        })}
      </p>
      <section className={styles.scroller} tabIndex={0} aria-label={t('k8s.kinds')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('k8s.kind')}</th>
              <th scope="col">{t('k8s.sync')}</th>
              <th scope="col">{t('k8s.objects')}</th>
              <th scope="col">{t('k8s.changes')}</th>
              <th scope="col">{t('k8s.lastChange')}</th>
              <th scope="col">{t('k8s.lists')}</th>
              <th scope="col">{t('k8s.errors')}</th>
              <th scope="col">{t('k8s.lastError')}</th>
            </tr>
          </thead>
          <tbody>
            {kinds.map((kind) => (
              <tr key={`${kind.resource}.${kind.group}`}>
                <th scope="row" title={`${kind.group === '' ? '' : `${kind.group}/`}${kind.version}`}>
                  {kind.resource} <small>{kind.group}</small>
                </th>
                <td>
                  <SeverityMark severity={SEVERITY[kind.state]} bare /> {t(`k8s.sync.${kind.state}`)}
                </td>
                <td>{formatValue(kind.objects, 'count')}</td>
                <td>{formatValue(kind.changes, 'count')}</td>
                <td>
                  <AgeCell atMs={kind.lastChange} />
                </td>
                <td title={t('k8s.watches', { watches: kind.watches, expired: kind.expired })}>
                  {kind.lists}
                </td>
                <td>{kind.errors + kind.unreadable > 0 ? <em>{kind.errors + kind.unreadable}</em> : 0}</td>
                <td title={kind.lastError}>{kind.lastError}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
