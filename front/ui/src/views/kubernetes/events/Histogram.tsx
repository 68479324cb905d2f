// Events over time: how many of which type in each step. A drag narrows the window of the whole page.
import { useMemo } from 'react';
import { useEventCounts } from '../../../api/clusterHooks';
import type { EventCounts, EventQuestion } from '../../../api/events';
import type { Drawing } from '../../../chart/drawing';
import { TimeChart } from '../../../chart/TimeChart';
import { formatSpan, formatValue } from '../../../format/units';
import { useTranslate } from '../../../i18n/translate';
import { Freshness, Message, Skeleton } from '../../../parts/States';
import { useTime } from '../../../time/useTime';
import styles from './Histogram.module.css';
import type { EventWindow } from './window';

const HEIGHT = 96;
/** Of the palette: warnings in its orange, what is normal in its blue; the mark beside a row says the state. */
const COLORS: Readonly<Record<string, number>> = { Warning: 1, Normal: 0 };

export function drawingOfCounts({ startMs, endMs, stepMs, types }: EventCounts): Drawing {
  return {
    startMs,
    endMs,
    stepMs,
    common: '',
    lines: types.map(({ type, values }) => ({
      name: type,
      labels: { type },
      values,
      color: COLORS[type] ?? 2,
      limit: false,
      other: false,
    })),
  };
}

export function Histogram({ question, window }: { question: EventQuestion; window: EventWindow }) {
  const t = useTranslate();
  const time = useTime();
  const answer = useEventCounts({ ...question, endMs: window.endMs }, window);
  const counts = answer.data;
  const drawing = useMemo(() => (counts === undefined ? null : drawingOfCounts(counts)), [counts]);
  return (
    <section className={styles.panel} aria-label={t('k8s.overTime')}>
      <header>
        <h2>{t('k8s.perStep', { step: formatSpan(window.stepMs) })}</h2>
        {counts?.types.map(({ type, total }) => (
          <span key={type}>
            <i style={{ background: `var(--series-${COLORS[type] ?? 2})` }} />
            {type} <b>{formatValue(total, 'count')}</b>
          </span>
        ))}
        <Freshness answers={[answer]} />
      </header>
      <div style={{ height: HEIGHT }} className={styles.body} data-dim={answer.previous || undefined}>
        {drawing !== null && drawing.lines.length > 0 ? (
          <TimeChart
            drawing={drawing}
            kind="steps"
            unit="count"
            height={HEIGHT}
            label={t('k8s.overTime')}
            pinMs={time.search.at ?? null}
            focused={null}
            onZoom={time.zoom}
            onZoomOut={time.zoomOut}
            onPin={time.pin}
          />
        ) : answer.error !== null && counts === undefined ? (
          <Message kind="error" text={answer.error.message} onRetry={answer.retry} />
        ) : drawing === null ? (
          <Skeleton />
        ) : (
          <Message kind="empty" text={t('k8s.noEventsIn', { span: formatSpan(window.spanMs) })} />
        )}
      </div>
    </section>
  );
}
