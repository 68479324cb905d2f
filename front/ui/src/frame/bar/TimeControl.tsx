// The time range: presets side by side, and a small form for any other window.
import * as Popover from '@radix-ui/react-popover';
import { CalendarRange, ChevronDown } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { serverNow } from '../../api/system';
import { dateTime, fromFieldValue, shortTime, toFieldValue, utcTime } from '../../format/clock';
import { useTranslate } from '../../i18n/translate';
import { DEFAULT_PRESET, PRESETS, parseSpan, type TimeSearch } from '../../time/range';
import { useTime } from '../../time/useTime';
import styles from './TimeControl.module.css';

export function TimeControl() {
  const t = useTranslate();
  const { search, change } = useTime();
  const fixed = search.from !== undefined && search.to !== undefined;
  const chosen = fixed ? null : (search.range ?? DEFAULT_PRESET);
  const choosePreset = (range: string): void =>
    change({
      range: range === DEFAULT_PRESET ? undefined : range,
      from: undefined,
      to: undefined,
      at: undefined,
    });
  const preset = (range: string) => (
    <button key={range} type="button" aria-pressed={chosen === range} onClick={() => choosePreset(range)}>
      {range}
    </button>
  );
  const listed = chosen !== null && (PRESETS as readonly string[]).includes(chosen);
  return (
    <div className={styles.control}>
      <fieldset className={styles.presets} aria-label={t('time.range')}>
        {PRESETS.map(preset)}
      </fieldset>
      <Popover.Root>
        <Popover.Trigger
          className={styles.custom}
          data-chosen={!listed || undefined}
          title={fixed ? utcTitle(search) : t('time.custom')}
          aria-label={`${t('time.custom')}: ${fixed ? fixedText(search) : chosen}`}
        >
          <CalendarRange />
          <span className={listed ? styles.onlySmall : undefined}>{fixed ? fixedText(search) : chosen}</span>
          <ChevronDown />
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content className={styles.popover} align="end" sideOffset={4} collisionPadding={8}>
            <div className={styles.grid}>{PRESETS.map(preset)}</div>
            <CustomForm search={search} change={change} />
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
    </div>
  );
}

function fixedText(search: TimeSearch): string {
  const now = serverNow();
  return `${shortTime(search.from ?? now, now)} – ${shortTime(search.to ?? now, now)}`;
}

function utcTitle(search: TimeSearch): string {
  return `${dateTime(search.from ?? 0)} – ${dateTime(search.to ?? 0)} · ${utcTime(search.from ?? 0)} – ${utcTime(search.to ?? 0)}`;
}

interface FormProps {
  search: TimeSearch;
  change: (change: TimeSearch) => void;
}

function CustomForm({ search, change }: FormProps) {
  const t = useTranslate();
  const [from, setFrom] = useState(() => toFieldValue(search.from ?? serverNow() - 3_600_000));
  const [to, setTo] = useState(() => toFieldValue(search.to ?? serverNow()));
  const [span, setSpan] = useState('');
  const [error, setError] = useState<string | null>(null);
  function submit(event: FormEvent): void {
    event.preventDefault();
    const [start, end] = [fromFieldValue(from), fromFieldValue(to)];
    if (span !== '') {
      const known = parseSpan(span) !== null;
      setError(known ? null : t('time.badSpan'));
      if (known) change({ range: span, from: undefined, to: undefined });
    } else if (start === null || end === null || end - start < 10_000) {
      setError(t('time.badWindow'));
    } else {
      setError(null);
      change({ from: start, to: end });
    }
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <label>
        {t('time.last')}
        <input value={span} onChange={(event) => setSpan(event.target.value)} placeholder="2h30m" />
      </label>
      <label>
        {t('time.from')}
        <input
          type="datetime-local"
          step="1"
          value={from}
          onChange={(event) => setFrom(event.target.value)}
        />
      </label>
      <label>
        {t('time.to')}
        <input type="datetime-local" step="1" value={to} onChange={(event) => setTo(event.target.value)} />
      </label>
      {error !== null && <p role="alert">{error}</p>}
      <button type="submit">{t('action.apply')}</button>
    </form>
  );
}
