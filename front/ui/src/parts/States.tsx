// The designed states: loading, empty, failed, stale. None of them is blank and none makes the page jump.
import { CircleAlert, CircleDashed, RotateCw, TriangleAlert } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Answer } from '../api/hooks';
import { clockTime } from '../format/clock';
import { formatSpan } from '../format/units';
import { useTranslate } from '../i18n/translate';
import styles from './States.module.css';

/** Bars where the content will be, shown only when the wait is long enough to be noticed. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  const t = useTranslate();
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={styles.skeleton} role="status" aria-label={t('state.loading')}>
      {late &&
        [88, 71, 54, 80, 62, 45]
          .slice(0, lines)
          .map((width) => <i key={width} style={{ width: `${width}%` }} />)}
    </div>
  );
}

interface MessageProps {
  kind: 'empty' | 'error';
  text: string;
  detail?: string | undefined;
  onRetry?: (() => void) | undefined;
}

/** Says why there is nothing, or what failed, with the way on. */
export function Message({ kind, text, detail, onRetry }: MessageProps) {
  const t = useTranslate();
  return (
    <div className={styles.message} role={kind === 'error' ? 'alert' : 'status'}>
      {kind === 'error' ? <CircleAlert className={styles.critical} /> : <CircleDashed />}
      <p>
        {kind === 'error' && <strong>{t('state.failed')} </strong>}
        {text}
        {detail !== undefined && <small>{detail}</small>}
      </p>
      {onRetry !== undefined && (
        <button type="button" className={styles.retry} onClick={onRetry}>
          <RotateCw />
          {t('action.retry')}
        </button>
      )}
    </div>
  );
}

/** The age of what is shown, when a refresh failed. Old data stays in view. */
export function Freshness({ answers }: { answers: ReadonlyArray<Answer<unknown>> }) {
  const t = useTranslate();
  const failed = answers.find((answer) => answer.error !== null && answer.data !== undefined);
  if (failed === undefined) return null;
  const age = formatSpan(Math.max(1000, Date.now() - failed.updatedAt));
  return (
    <button
      type="button"
      className={styles.stale}
      onClick={failed.retry}
      title={`${failed.error?.message ?? ''} · ${clockTime(failed.updatedAt)}`}
    >
      <TriangleAlert />
      {t('state.stale', { age })}
    </button>
  );
}
