// Any question to the data: an editor, a graph or a table, and a link that shows the same to others.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { CircleAlert, History, ListTree, Play, WandSparkles } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { type ApiError, getData } from '../../api/client';
import { useInstants, useMetricNames, useRanges } from '../../api/hooks';
import { ChartMenu } from '../../chart/ChartPanel';
import { drawingOf } from '../../chart/drawing';
import { Legend } from '../../chart/Legend';
import { TimeChart } from '../../chart/TimeChart';
import { formatSpan, guessUnit } from '../../format/units';
import type { ExploreSearch } from '../../frame/router';
import { useTranslate } from '../../i18n/translate';
import { Menu } from '../../parts/Menu';
import { Freshness, Message, Skeleton } from '../../parts/States';
import { notify } from '../../parts/Toast';
import { parseStep, type RangeSpec, spanText } from '../../time/range';
import { useTime } from '../../time/useTime';
import { Editor } from './Editor';
import styles from './Explore.module.css';
import { busiestOf, heatOf } from './heat';
import { readHistory, remember } from './history';
import { errorPlace } from './position';
import { ResultTable } from './ResultTable';

const EXAMPLES: readonly string[] = [
  'sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[1m]))',
  'rate(node_pressure_io_waiting_seconds_total[1m])',
  'topk(10, process_memory_usage_bytes)',
  'rate(node_network_receive_bytes_total[1m])',
  '1 - node_filesystem_avail_bytes / node_filesystem_size_bytes',
];

export function Explore() {
  const t = useTranslate();
  const navigate = useNavigate();
  const time = useTime();
  const search = useSearch({ from: '/explore' }) as ExploreSearch;
  const expr = search.expr ?? '';
  const [text, setText] = useState(expr);
  useEffect(() => setText(expr), [expr]);
  const change = useCallback(
    (next: ExploreSearch, replace = false): void =>
      void navigate({ to: '/explore', search: (old: object) => ({ ...old, ...next }) as never, replace }),
    [navigate],
  );
  const asked = search.step === undefined ? null : parseStep(search.step, time.spec.spanMs);
  const spec = useMemo<RangeSpec>(
    () => (asked === null ? time.spec : { ...time.spec, stepMs: asked }),
    [asked, time.spec],
  );
  const show = search.show ?? 'graph';
  const ranges = useRanges(expr === '' ? [] : [expr], spec, show === 'graph');
  const { answers: instants } = useInstants<'now'>(
    (expr === '' || show === 'graph' ? {} : { now: expr }) as Record<'now', string>,
    time.atMs,
  );
  const answer = show === 'graph' ? ranges[0] : instants[0];
  const error = answer?.error ?? null;
  // The message belongs to the text that was run, not to what is being typed over it.
  const editorError = useMemo(() => {
    if (error === null || text !== expr) return null;
    const place = errorPlace(expr, error);
    return place === null ? null : { ...place, message: withHint(error) };
  }, [error, text, expr]);

  const run = useCallback(
    (query: string): void => {
      const wanted = query.trim();
      setText(wanted);
      remember(wanted);
      if (wanted === expr) answer?.retry();
      else change({ expr: wanted || undefined });
    },
    [expr, answer, change],
  );

  async function format(): Promise<void> {
    try {
      const formatted = await getData('/api/v1/format_query', { query: text }, null);
      if (typeof formatted === 'string') setText(formatted);
    } catch (cause) {
      notify((cause as Error).message);
    }
  }

  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">{t('area.explore')}</h1>
      <div className={styles.query}>
        <Editor value={text} error={editorError} onChange={setText} onRun={run} />
        <button type="button" className={styles.run} onClick={() => run(text)}>
          <Play />
          {t('explore.run')}
        </button>
      </div>
      {error !== null && text === expr && (
        <p className={styles.error} role="alert" data-testid="query-error">
          <CircleAlert />
          <span>
            {error.message}
            {extraHint(error) !== null && <b> {extraHint(error)}</b>}
          </span>
        </p>
      )}
      <div className={styles.tools}>
        <fieldset className={styles.switch} aria-label={t('explore.show')}>
          {(['graph', 'table'] as const).map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={show === each}
              onClick={() => change({ show: each === 'graph' ? undefined : each })}
            >
              {t(`explore.${each}`)}
            </button>
          ))}
        </fieldset>
        {show === 'graph' && (
          <>
            <fieldset className={styles.switch} aria-label={t('explore.style')}>
              {([false, true] as const).map((stacked) => (
                <button
                  key={String(stacked)}
                  type="button"
                  aria-pressed={(search.stacked === true) === stacked}
                  onClick={() => change({ stacked: stacked || undefined }, true)}
                >
                  {t(stacked ? 'explore.stacked' : 'explore.lines')}
                </button>
              ))}
            </fieldset>
            <StepField
              value={search.step ?? ''}
              auto={spanText(time.spec.stepMs)}
              onChange={(step) => change({ step: step || undefined }, true)}
              bad={search.step !== undefined && asked === null}
            />
          </>
        )}
        <span className={styles.spacer} />
        <MetricMenu onPick={run} />
        <button
          type="button"
          className={styles.tool}
          onClick={() => void format()}
          title={t('explore.format')}
        >
          <WandSparkles />
          <span>{t('explore.format')}</span>
        </button>
        <HistoryMenu onPick={run} />
      </div>
      {expr === '' ? (
        <Start onPick={run} />
      ) : show === 'graph' ? (
        <Graph expr={expr} stacked={search.stacked === true} answer={ranges[0]} />
      ) : (
        <div className={styles.result}>
          {instants[0]?.data !== undefined ? (
            <ResultTable samples={instants[0].data} expr={expr} />
          ) : error !== null ? (
            <Message kind="error" text={error.message} onRetry={answer?.retry} />
          ) : (
            <Skeleton lines={5} />
          )}
        </div>
      )}
    </div>
  );
}

/** The hint, unless the message says it already. */
function extraHint(error: ApiError): string | null {
  return error.hint !== null && !error.message.includes(error.hint) ? error.hint : null;
}

function withHint(error: ApiError): string {
  const hint = extraHint(error);
  return hint === null ? error.message : `${error.message}\n${hint}`;
}

interface GraphProps {
  expr: string;
  stacked: boolean;
  answer: ReturnType<typeof useRanges>[number] | undefined;
}

function Graph({ expr, stacked, answer }: GraphProps) {
  const t = useTranslate();
  const time = useTime();
  const box = useRef<HTMLElement>(null);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [focused, setFocused] = useState<number | null>(null);
  useEffect(() => setHidden(new Set()), [expr]);
  const unit = guessUnit(expr);
  const matrix = answer?.data;
  const heat = matrix?.buckets === true;
  const drawing = useMemo(
    () =>
      heat
        ? heatOf(matrix, unit)
        : drawingOf([matrix], {
            queries: [{ expr }],
            stacked,
            keepOrder: false,
            otherName: (count) => t('chart.other', { count }),
          }),
    [heat, matrix, expr, unit, stacked, t],
  );
  const kind = heat ? 'heat' : stacked ? 'stacked' : 'lines';
  const visible = useMemo(
    () =>
      drawing === null ? null : { ...drawing, lines: drawing.lines.filter((line) => !hidden.has(line.name)) },
    [drawing, hidden],
  );
  function toggle(name: string, alone: boolean): void {
    const names = drawing?.lines.map((line) => line.name) ?? [];
    setHidden((old) => {
      if (!alone) {
        const next = new Set(old);
        if (!next.delete(name)) next.add(name);
        return next.size >= names.length ? new Set() : next;
      }
      return old.size === names.length - 1 && !old.has(name)
        ? new Set()
        : new Set(names.filter((each) => each !== name));
    });
  }
  const count = matrix?.series.length ?? 0;
  return (
    <section className={styles.graph} ref={box} aria-label={t('explore.graph')}>
      <header>
        <span data-testid="series-count">
          {matrix === undefined
            ? ''
            : t(heat ? 'explore.heat' : 'explore.counted', { count, step: formatSpan(matrix.stepMs) })}
        </span>
        {drawing !== null && drawing.common !== '' && (
          <code title={t('explore.common')}>{drawing.common}</code>
        )}
        {answer !== undefined && <Freshness answers={[answer]} />}
        <ChartMenu
          title={expr}
          exprs={[expr]}
          drawing={drawing}
          box={box}
          kind={kind}
          onShowQuery={() => notify(expr)}
        />
      </header>
      <div data-dim={answer?.previous || undefined} className={styles.canvas}>
        {visible !== null && visible.lines.length > 0 ? (
          <TimeChart
            drawing={visible}
            kind={kind}
            {...(heat ? { softMax: busiestOf(visible) } : {})}
            unit={heat ? 'count' : unit}
            height={340}
            label={expr}
            pinMs={time.search.at ?? null}
            focused={focused}
            onZoom={time.zoom}
            onZoomOut={time.zoomOut}
            onPin={time.pin}
          />
        ) : (
          <div className={styles.void}>
            {answer?.error ? (
              <Message kind="empty" text={t('explore.notRun')} />
            ) : matrix === undefined ? (
              <Skeleton lines={4} />
            ) : (
              <Message kind="empty" text={t('explore.noSeries')} />
            )}
          </div>
        )}
      </div>
      {answer?.error == null && !heat && (
        <Legend
          lines={drawing?.lines ?? []}
          unit={unit}
          rows={11}
          longNames
          hidden={hidden}
          onToggle={toggle}
          onFocus={setFocused}
        />
      )}
    </section>
  );
}

interface StepFieldProps {
  value: string;
  auto: string;
  bad: boolean;
  onChange: (step: string) => void;
}

function StepField({ value, auto, bad, onChange }: StepFieldProps) {
  const t = useTranslate();
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  return (
    <label className={styles.step}>
      {t('explore.step')}
      <input
        value={typed}
        placeholder={t('explore.auto', { step: auto })}
        aria-invalid={bad}
        title={bad ? t('explore.badStep') : undefined}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => onChange(typed.trim())}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onChange(typed.trim());
        }}
      />
    </label>
  );
}

function HistoryMenu({ onPick }: { onPick: (expr: string) => void }) {
  const t = useTranslate();
  const list = readHistory();
  return (
    <Menu
      label={t('explore.history')}
      className={styles.tool}
      trigger={
        <>
          <History />
          <span>{t('explore.history')}</span>
        </>
      }
      entries={
        list.length === 0
          ? [{ text: t('explore.noHistory'), onSelect: () => undefined }]
          : list.map((expr) => ({
              text: expr.length > 96 ? `${expr.slice(0, 95)}…` : expr,
              onSelect: () => onPick(expr),
            }))
      }
    />
  );
}

/** The families of metrics, to begin with when no name comes to mind. */
function MetricMenu({ onPick }: { onPick: (expr: string) => void }) {
  const t = useTranslate();
  const names = useMetricNames().data;
  const list = useMemo(() => [...(names ?? [])].sort().slice(0, 2000), [names]);
  return (
    <Menu
      label={t('explore.metrics')}
      className={styles.tool}
      trigger={
        <>
          <ListTree />
          <span>{t('explore.metrics')}</span>
        </>
      }
      entries={list.map((name) => ({
        text: name,
        onSelect: () => onPick(/_total$/.test(name) ? `rate(${name}[1m])` : name),
      }))}
    />
  );
}

function Start({ onPick }: { onPick: (expr: string) => void }) {
  const t = useTranslate();
  return (
    <section className={styles.start}>
      <h2>{t('explore.start')}</h2>
      <p>{t('explore.startHint')}</p>
      <ul>
        {EXAMPLES.map((example) => (
          <li key={example}>
            <button type="button" onClick={() => onPick(example)}>
              <code>{example}</code>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
