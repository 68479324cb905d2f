// The legend is a small table: name and last, mean, min, max; sortable; a click shows one line alone.
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useMemo, useState } from 'react';
import { formatExact, formatValue, type Unit } from '../format/units';
import { useTranslate } from '../i18n/translate';
import { type Line, type LineStats, statsOf } from './drawing';
import styles from './Legend.module.css';

type Column = 'name' | keyof LineStats;
const NUMBERS: ReadonlyArray<keyof LineStats> = ['last', 'mean', 'min', 'max'];

/** The height of a legend with so many rows, for what stands in its place. */
export function legendHeight(rows: number): number {
  return (rows + 1) * 20 + 2;
}

interface Props {
  lines: readonly Line[];
  unit: Unit;
  /** Rows that are always kept free, so that nothing jumps when lines arrive. */
  rows: number;
  /** Names are whole label sets: a narrow screen gives them the room of a column. */
  longNames?: boolean;
  hidden: ReadonlySet<string>;
  onToggle: (name: string, alone: boolean) => void;
  onFocus: (idx: number | null) => void;
}

export function Legend({ lines, unit, rows, longNames = false, hidden, onToggle, onFocus }: Props) {
  const t = useTranslate();
  const [sort, setSort] = useState<{ column: Column; down: boolean } | null>(null);
  const [expanded, setExpanded] = useState(false);
  const entries = useMemo(() => {
    const list = lines.map((line, idx) => ({ line, idx, stats: statsOf(line.values) }));
    if (sort === null) return list;
    const sign = sort.down ? -1 : 1;
    return list.sort((a, b) => {
      if (sort.column === 'name') return sign * a.line.name.localeCompare(b.line.name);
      return (
        sign *
        ((a.stats[sort.column] ?? Number.NEGATIVE_INFINITY) -
          (b.stats[sort.column] ?? Number.NEGATIVE_INFINITY))
      );
    });
  }, [lines, sort]);
  const rest = entries.filter((entry) => entry.line.other);
  const folded = !expanded && rest.length > 1;
  const shown = folded ? entries.filter((entry) => !entry.line.other) : entries;
  const head = (column: Column, text: string) => (
    <th
      key={column}
      scope="col"
      aria-sort={sort?.column === column ? (sort.down ? 'descending' : 'ascending') : undefined}
      className={column === 'name' ? undefined : styles[column]}
    >
      <button
        type="button"
        onClick={() =>
          setSort((old) => ({ column, down: old?.column === column ? !old.down : column !== 'name' }))
        }
      >
        {text}
        {sort?.column === column && (sort.down ? <ArrowDown /> : <ArrowUp />)}
      </button>
    </th>
  );
  return (
    <section
      className={styles.box}
      style={{ height: legendHeight(rows) }}
      tabIndex={0}
      aria-label={t('chart.legend')}
    >
      <table
        className={`${styles.table} ${longNames ? styles.longNames : ''}`}
        data-wide={unit === 'bytes/s' || undefined}
      >
        <thead>
          <tr>
            {head('name', t('chart.series'))}
            {NUMBERS.map((column) => head(column, t(`chart.${column}`)))}
          </tr>
        </thead>
        <tbody onMouseLeave={() => onFocus(null)}>
          {shown.map(({ line, idx, stats }) => (
            <tr
              key={`${line.name}${idx}`}
              className={hidden.has(line.name) ? styles.off : undefined}
              onMouseEnter={() => onFocus(hidden.size > 0 ? null : idx)}
            >
              <th scope="row">
                <button
                  type="button"
                  title={line.name}
                  aria-pressed={!hidden.has(line.name)}
                  onClick={(event) =>
                    onToggle(line.name, !(event.ctrlKey || event.metaKey || event.shiftKey))
                  }
                >
                  <i
                    className={line.limit ? styles.dash : undefined}
                    style={{ background: `var(--series-${line.color ?? 'other'})` }}
                  />
                  <span>{line.name}</span>
                </button>
              </th>
              {NUMBERS.map((column) => (
                <td key={column} className={styles[column]} title={formatExact(stats[column], unit)}>
                  {formatValue(stats[column], unit)}
                </td>
              ))}
            </tr>
          ))}
          {rest.length > 1 && (
            <tr>
              <th scope="row" className={styles.rest}>
                <button type="button" aria-expanded={expanded} onClick={() => setExpanded(!expanded)}>
                  <i style={{ background: 'var(--series-other)' }} />
                  <span>{expanded ? t('chart.fold') : t('chart.other', { count: rest.length })}</span>
                </button>
              </th>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}
