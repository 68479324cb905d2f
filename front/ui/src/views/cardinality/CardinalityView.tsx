// What fills the store: which metrics, labels and values the series are spent on, and how to spend fewer.
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { type Cardinality, type Count, selectorOf } from '../../api/cardinality';
import { useCardinality, useSystem } from '../../api/hooks';
import { formatExact, formatValue } from '../../format/units';
import type { CardinalitySearch } from '../../frame/router';
import { useTranslate } from '../../i18n/translate';
import { StateLine } from '../../parts/StateLine';
import { Freshness, Message, Skeleton } from '../../parts/States';
import styles from './CardinalityView.module.css';
import { Remedy } from './Remedy';

const ROWS = 20;
/** One metric or value above this share of all series deserves a look. */
const LARGE_SHARE = 0.2;

export function CardinalityView() {
  const t = useTranslate();
  const navigate = useNavigate();
  const search = useSearch({ from: '/cardinality' }) as CardinalitySearch;
  const answer = useCardinality({ ...search, limit: ROWS });
  const change = (next: CardinalitySearch): void =>
    void navigate({ to: '.', search: (old: object) => ({ ...old, ...next }) as never });
  const total = useSystem().data?.store.headSeries ?? 0;
  const { data } = answer;
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>{t('area.cardinality')}</h1>
        {data !== undefined && <State data={data} total={total} search={search} />}
        <Freshness answers={[answer]} />
      </div>
      <Chips search={search} onChange={change} />
      {data === undefined ? (
        answer.error === null ? (
          <Skeleton lines={6} />
        ) : (
          <Message kind="error" text={answer.error.message} onRetry={answer.retry} />
        )
      ) : data.series === 0 ? (
        <Message kind="empty" text={t('cardinality.empty')} />
      ) : (
        <div className={styles.columns} data-old={answer.previous || undefined}>
          {search.metric === undefined && (
            <Counts
              title={t('cardinality.metrics')}
              unit={t('cardinality.series')}
              rows={data.metrics}
              of={data.series}
              onOpen={(row) => change({ metric: row.name })}
            />
          )}
          {search.label !== undefined && (
            <Counts
              title={t('cardinality.valuesOf', { label: search.label })}
              unit={t('cardinality.series')}
              rows={data.values}
              of={data.series}
              onOpen={(row) => change({ value: row.name })}
            />
          )}
          <Counts
            title={t('cardinality.labels')}
            unit={t('cardinality.values')}
            rows={data.labels}
            of={Math.max(1, ...data.labels.map((row) => row.count))}
            onOpen={(row) => change({ label: row.name, value: undefined })}
            chosen={search.label}
          />
          <Counts
            title={t('cardinality.pairs')}
            unit={t('cardinality.series')}
            rows={data.pairs}
            of={data.series}
            onOpen={({ name }) => {
              const at = name.indexOf('=');
              change({ label: name.slice(0, at), value: name.slice(at + 1) });
            }}
          />
          <Remedy search={search} series={data.series} total={total} />
        </div>
      )}
    </div>
  );
}

/** One sentence: how many series, and what most of them are. */
function State({ data, total, search }: { data: Cardinality; total: number; search: CardinalitySearch }) {
  const t = useTranslate();
  const [top] = data.metrics;
  const share = top === undefined || data.series === 0 ? 0 : top.count / data.series;
  const grown = [...data.metrics].sort((a, b) => (b.growth ?? 0) - (a.growth ?? 0))[0];
  const chosen = search.metric !== undefined || search.value !== undefined;
  const params = {
    series: formatValue(data.series, 'count'),
    total: formatValue(total, 'count'),
    share: formatValue(chosen ? data.series / Math.max(1, total) : share, 'ratio'),
    name: top?.name ?? '',
    grown: formatValue(grown?.growth ?? null, 'count'),
    grower: grown?.name ?? '',
  };
  if (chosen) return <StateLine severity="notice" text={t('cardinality.chosen', params)} />;
  const large = share >= LARGE_SHARE && data.metrics.length > 4;
  return (
    <StateLine
      severity={large ? 'notice' : 'good'}
      text={[
        t(large ? 'cardinality.large' : 'cardinality.even', params),
        ...((grown?.growth ?? 0) > 0 ? [t('cardinality.grown', params)] : []),
      ].join(' ')}
    />
  );
}

/** What the numbers are narrowed to; each can be taken off. */
function Chips({
  search,
  onChange,
}: {
  search: CardinalitySearch;
  onChange: (next: CardinalitySearch) => void;
}) {
  const t = useTranslate();
  const chip = (text: string, off: CardinalitySearch): ReactNode => (
    <button type="button" onClick={() => onChange(off)} title={t('cardinality.takeOff')}>
      {text} <X />
    </button>
  );
  const { metric, label, value } = search;
  if (metric === undefined && label === undefined) return null;
  return (
    <p className={styles.chips}>
      {metric !== undefined && chip(metric, { metric: undefined })}
      {label !== undefined &&
        chip(value === undefined ? label : `${label}=${value}`, { label: undefined, value: undefined })}
      <Link to="/explore" search={{ expr: `count(${selectorOf(search)})` }}>
        {t('chart.openInExplore')}
      </Link>
    </p>
  );
}

interface CountsProps {
  title: string;
  unit: string;
  rows: readonly Count[];
  /** What the bar is a share of. */
  of: number;
  onOpen: (row: Count) => void;
  chosen?: string | undefined;
}

function Counts({ title, unit, rows, of, onOpen, chosen }: CountsProps) {
  const t = useTranslate();
  return (
    <section className={styles.section}>
      <h2>
        {title} <small>{unit}</small>
      </h2>
      <ol className={styles.counts}>
        {rows.map((row) => (
          <li key={row.name}>
            <button
              type="button"
              aria-pressed={chosen === undefined ? undefined : row.name === chosen}
              onClick={() => onOpen(row)}
            >
              <i aria-hidden="true" style={{ width: `${Math.min(100, (row.count / of) * 100)}%` }} />
              <span title={row.name}>{row.name}</span>
              {(row.growth ?? 0) > 0 && (
                <em title={t('cardinality.growthHint')}>+{formatValue(row.growth, 'count')}</em>
              )}
              <b title={formatExact(row.count, 'count')}>{formatValue(row.count, 'count')}</b>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
