// The numbers that matter, each with what it did in the window.
import { useMemo } from 'react';
import { useRanges } from '../../api/hooks';
import { Sparkline } from '../../chart/Sparkline';
import { formatExact, formatValue, type Unit } from '../../format/units';
import { type MessageKey, useTranslate } from '../../i18n/translate';
import { useTime } from '../../time/useTime';
import { type Facts, numberOf, REAL_NETWORKS } from './facts';
import type { SectionId } from './state';
import styles from './Vitals.module.css';

interface Vital {
  title: MessageKey;
  section: SectionId;
  unit: Unit;
  expr: string;
  /** The trend is drawn against at least this much. */
  floor: number;
  value: (facts: Facts) => number | null;
  /** The fact that puts the number into proportion. */
  beside: (facts: Facts, t: (key: MessageKey, params?: Record<string, string | number>) => string) => string;
}

function usedMemory(facts: Facts): number | null {
  const total = numberOf(facts, 'memoryTotal');
  const available = numberOf(facts, 'memoryAvailable');
  return total !== null && available !== null ? 1 - available / total : null;
}

const pressure = (what: string): string => `rate(node_pressure_${what}_seconds_total[$w])`;

const VITALS: readonly Vital[] = [
  {
    title: 'vital.cpu',
    section: 'cpu',
    unit: 'ratio',
    expr: '1 - avg(sum by (cpu) (rate(node_cpu_seconds_total{mode=~"idle|iowait"}[$w])))',
    floor: 1,
    value: (facts) => {
      const busy = numberOf(facts, 'cpuBusy');
      return busy === null ? null : Math.max(0, busy);
    },
    beside: (facts, t) => t('vital.cores', { count: formatValue(numberOf(facts, 'cores'), 'count') }),
  },
  {
    title: 'vital.memory',
    section: 'memory',
    unit: 'ratio',
    expr: '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes',
    floor: 1,
    value: usedMemory,
    beside: (facts, t) => t('vital.of', { total: formatValue(numberOf(facts, 'memoryTotal'), 'bytes') }),
  },
  {
    title: 'vital.cpuWait',
    section: 'saturation',
    unit: 'ratio',
    expr: pressure('cpu_waiting'),
    floor: 0.1,
    value: (facts) => numberOf(facts, 'cpuWaiting'),
    beside: (facts, t) => t('vital.load', { load: formatValue(numberOf(facts, 'load'), 'number') }),
  },
  {
    title: 'vital.memoryWait',
    section: 'saturation',
    unit: 'ratio',
    expr: pressure('memory_waiting'),
    floor: 0.1,
    value: (facts) => numberOf(facts, 'memoryWaiting'),
    beside: (facts, t) => t('vital.full', { share: formatValue(numberOf(facts, 'memoryStalled'), 'ratio') }),
  },
  {
    title: 'vital.ioWait',
    section: 'saturation',
    unit: 'ratio',
    expr: pressure('io_waiting'),
    floor: 0.1,
    value: (facts) => numberOf(facts, 'ioWaiting'),
    beside: (facts, t) => t('vital.full', { share: formatValue(numberOf(facts, 'ioStalled'), 'ratio') }),
  },
  {
    title: 'vital.disk',
    section: 'disk',
    unit: 'ratio',
    expr: 'max(rate(node_disk_io_time_seconds_total[$w]))',
    floor: 0.1,
    value: (facts) => numberOf(facts, 'disk'),
    beside: (facts) => facts.disk?.[0]?.labels.device ?? '–',
  },
  {
    title: 'vital.network',
    section: 'network',
    unit: 'bytes/s',
    expr: `sum(rate(node_network_receive_bytes_total{${REAL_NETWORKS}}[$w]))`,
    floor: 1024,
    value: (facts) => numberOf(facts, 'networkReceived'),
    beside: (facts, t) => t('vital.sent', { rate: formatValue(numberOf(facts, 'networkSent'), 'bytes/s') }),
  },
];

export function Vitals({ facts }: { facts: Facts }) {
  const t = useTranslate();
  const time = useTime();
  const exprs = useMemo(() => VITALS.map((vital) => time.prepare(vital.expr)), [time]);
  const ranges = useRanges(exprs, time.spec, true);
  return (
    <ul className={styles.strip} aria-label={t('vital.label')}>
      {VITALS.map((vital, idx) => {
        const values = ranges[idx]?.data?.series[0]?.values ?? [];
        const value = vital.value(facts);
        const top = Math.max(vital.floor, ...values.map((each) => each ?? 0));
        return (
          <li key={vital.title}>
            <a
              href={`#${vital.section}`}
              onClick={(event) => {
                event.preventDefault();
                document.getElementById(vital.section)?.scrollIntoView({ block: 'start' });
              }}
            >
              <span className={styles.title}>{t(vital.title)}</span>
              <b title={formatExact(value, vital.unit)} data-testid={vital.title}>
                {formatValue(value, vital.unit)}
              </b>
              <small>{vital.beside(facts, t)}</small>
              <Sparkline values={values} max={top} width={120} height={22} />
            </a>
          </li>
        );
      })}
    </ul>
  );
}
