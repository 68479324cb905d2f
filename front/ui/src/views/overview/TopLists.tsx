// Who uses most, beside the charts; at a pinned moment, who used most then.
import { Link } from '@tanstack/react-router';
import { useInstants } from '../../api/hooks';
import type { Sample } from '../../api/prometheus';
import { formatExact, formatValue, type Unit } from '../../format/units';
import { useTranslate } from '../../i18n/translate';
import { Message, Skeleton } from '../../parts/States';
import { useTime } from '../../time/useTime';
import { containerName, containerQueries, processQueries } from '../objects/queries';
import styles from './TopLists.module.css';

const ROWS = 6;

export function TopLists() {
  const t = useTranslate();
  const time = useTime();
  const processes = processQueries(time.rate);
  const containers = containerQueries(time.rate);
  const { samples, answers } = useInstants(
    {
      cpu: `topk(${ROWS}, ${processes.cpu})`,
      memory: `topk(${ROWS}, ${processes.memory})`,
      io: `topk(${ROWS}, (${processes.read} + ${processes.write}) > 0)`,
      containers: `topk(${ROWS}, ${containers.memory})`,
    },
    time.atMs,
  );
  const failed = answers.find((answer) => answer.error !== null && answer.data === undefined);
  const process = ({ labels }: Sample) => {
    const { pid = '', comm = '' } = labels;
    if (pid === '') return <span className={styles.name}>{t('process.rest')}</span>;
    return (
      <Link to="/processes/$pid" params={{ pid }} className={styles.name}>
        {comm} <small>{pid}</small>
      </Link>
    );
  };
  const container = ({ labels }: Sample) => (
    <Link
      to="/containers/$"
      params={{ _splat: (labels.id ?? '').replace(/^\//, '') }}
      className={styles.name}
      title={labels.id}
    >
      {containerName(labels)}
    </Link>
  );
  return (
    <aside className={styles.lists} aria-label={t('top.label')}>
      {failed !== undefined && (
        <Message kind="error" text={failed.error?.message ?? ''} onRetry={failed.retry} />
      )}
      <TopList
        title={t('top.cpu')}
        samples={samples.cpu}
        unit="ratio"
        name={process}
        empty={t('top.noProcesses')}
      />
      <TopList
        title={t('top.memory')}
        samples={samples.memory}
        unit="bytes"
        name={process}
        empty={t('top.noProcesses')}
      />
      <TopList title={t('top.io')} samples={samples.io} unit="bytes/s" name={process} empty={t('top.noIo')} />
      <TopList
        title={t('top.containers')}
        samples={samples.containers}
        unit="bytes"
        name={container}
        empty={t('top.noContainers')}
      />
    </aside>
  );
}

interface TopListProps {
  title: string;
  samples: Sample[] | undefined;
  unit: Unit;
  name: (sample: Sample) => React.ReactNode;
  empty: string;
}

function TopList({ title, samples, unit, name, empty }: TopListProps) {
  const rows = [...(samples ?? [])].sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const top = Math.max(unit === 'ratio' ? 0.05 : 0, ...rows.map((row) => row.value ?? 0));
  return (
    <section className={styles.list} aria-label={title}>
      <h3>{title}</h3>
      {samples === undefined ? (
        <Skeleton />
      ) : rows.length === 0 ? (
        <Message kind="empty" text={empty} />
      ) : (
        <ol>
          {rows.map((row) => (
            <li key={JSON.stringify(row.labels)}>
              <i style={{ width: `${top > 0 ? ((row.value ?? 0) / top) * 100 : 0}%` }} aria-hidden="true" />
              {name(row)}
              <span title={formatExact(row.value, unit)}>{formatValue(row.value, unit)}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
