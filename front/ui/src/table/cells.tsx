// Cells that repeat in every list: a trend with its number, a name that links, a share with its bar.
import { Sparkline } from '../chart/Sparkline';
import { formatExact, formatValue, type Unit } from '../format/units';
import styles from './cells.module.css';

interface TrendProps {
  value: number | null | undefined;
  unit: Unit;
  trend?: ReadonlyArray<number | null> | undefined;
  max?: number | undefined;
  color?: string;
}

/** The last value, with what it did before. The place of the trend stays when there is none. */
export function TrendCell({ value, unit, trend, max, color = 'var(--series-0)' }: TrendProps) {
  return (
    <span className={styles.trend} title={formatExact(value, unit)}>
      <span className={styles.spark}>
        {trend !== undefined && <Sparkline values={trend} max={max} width={56} height={16} color={color} />}
      </span>
      <span data-zero={value === 0 || value == null || undefined}>{formatValue(value, unit)}</span>
    </span>
  );
}

export function NumberCell({ value, unit }: { value: number | null | undefined; unit: Unit }) {
  return (
    <span
      className={styles.number}
      data-zero={value === 0 || value == null || undefined}
      title={formatExact(value, unit)}
    >
      {formatValue(value, unit)}
    </span>
  );
}

/** A share of a limit as a bar with its number; the colour speaks only when the state is bad. */
export function ShareBar({
  share,
  warnAt = 0.85,
  badAt = 0.95,
}: {
  share: number | null;
  warnAt?: number;
  badAt?: number;
}) {
  // An empty bar would say that nothing is used.
  if (share === null)
    return (
      <span className={styles.number} data-zero>
        {formatValue(share, 'ratio')}
      </span>
    );
  const state = share >= badAt ? 'critical' : share >= warnAt ? 'warning' : undefined;
  return (
    <span className={styles.share} data-state={state}>
      <span className={styles.bar} aria-hidden="true">
        <i style={{ width: `${Math.min(100, Math.max(0, share * 100))}%` }} />
      </span>
      <span>{formatValue(share, 'ratio')}</span>
    </span>
  );
}
