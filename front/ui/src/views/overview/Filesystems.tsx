// Every filesystem: how full, how fast it fills, and when it will be full at this pace.
import { useInstants } from '../../api/hooks';
import type { Sample } from '../../api/prometheus';
import { formatExact, formatSpan, formatValue } from '../../format/units';
import { useTranslate } from '../../i18n/translate';
import { Message, Skeleton } from '../../parts/States';
import { ShareBar } from '../../table/cells';
import { useTime } from '../../time/useTime';
import styles from './Filesystems.module.css';
import { FILL_PACE, REAL_FILESYSTEMS } from './facts';

const HORIZON_S = 365 * 86_400;

export function Filesystems() {
  const t = useTranslate();
  const { atMs } = useTime();
  const fs = (metric: string): string => `node_filesystem_${metric}{${REAL_FILESYSTEMS}}`;
  const { samples } = useInstants(
    {
      size: `${fs('size_bytes')} > 0`,
      available: fs('avail_bytes'),
      inodes: `1 - ${fs('files_free')} / (${fs('files')} > 0)`,
      pace: FILL_PACE,
    },
    atMs,
  );
  if (samples.size === undefined) return <Skeleton />;
  const key = (labels: Readonly<Record<string, string>>): string => `${labels.device} ${labels.mountpoint}`;
  const find = (list: Sample[] | undefined, wanted: string): number | null =>
    list?.find((sample) => key(sample.labels) === wanted)?.value ?? null;
  const rows = samples.size
    .map(({ labels, value: size }) => {
      const id = key(labels);
      const available = find(samples.available, id);
      const pace = find(samples.pace, id);
      const used = size !== null && size > 0 && available !== null ? 1 - available / size : null;
      const left = available !== null && pace !== null && pace < 0 ? available / -pace : null;
      return { id, labels, size, available, used, inodes: find(samples.inodes, id), pace, left };
    })
    .sort((a, b) => (b.used ?? 0) - (a.used ?? 0));
  if (rows.length === 0) return <Message kind="empty" text={t('fs.none')} />;
  return (
    <section className={styles.box} aria-label={t('fs.title')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('fs.title')}</th>
            <th scope="col" className={styles.wide}>
              {t('fs.device')}
            </th>
            <th scope="col" className={styles.number}>
              {t('fs.used')}
            </th>
            <th scope="col" className={styles.number}>
              {t('fs.available')}
            </th>
            <th scope="col" className={`${styles.number} ${styles.wide}`}>
              {t('fs.inodes')}
            </th>
            <th scope="col" className={styles.number} title={t('fs.fullHint')}>
              {t('fs.full')}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <th scope="row" title={row.labels.mountpoint}>
                {row.labels.mountpoint}
              </th>
              <td className={styles.wide}>
                {row.labels.device} <small>{row.labels.fstype}</small>
              </td>
              <td className={styles.number}>
                <ShareBar share={row.used} />
              </td>
              <td className={styles.number} title={formatExact(row.available, 'bytes')}>
                {formatValue(row.available, 'bytes')} <small>/ {formatValue(row.size, 'bytes')}</small>
              </td>
              <td className={`${styles.number} ${styles.wide}`}>{formatValue(row.inodes, 'ratio')}</td>
              <td className={styles.number}>
                {row.pace === null ? (
                  <span title={t('fs.paceUnknown')}>–</span>
                ) : row.left === null || row.left > HORIZON_S ? (
                  t('fs.never')
                ) : (
                  formatSpan(row.left * 1000)
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
