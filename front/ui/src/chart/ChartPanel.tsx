// A titled chart with its legend and menu. It fetches only while it is near the screen, keeps old
// data in view, and says in words when there is nothing to draw.
import { useNavigate } from '@tanstack/react-router';
import { Code2, Copy, ImageDown, Link2, MoreHorizontal, Table2, TrendingUp } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useRanges } from '../api/hooks';
import type { Unit } from '../format/units';
import { useTranslate } from '../i18n/translate';
import { Menu, type MenuEntry } from '../parts/Menu';
import { Freshness, Message, Skeleton } from '../parts/States';
import { notify } from '../parts/Toast';
import { useSameList, useSameText } from '../parts/useSame';
import { useTime } from '../time/useTime';
import styles from './ChartPanel.module.css';
import { csvOf, type Drawing, drawingOf, type PlotQuery } from './drawing';
import { copyPicture, copyText } from './export';
import { Legend, legendHeight } from './Legend';
import type { PlotKind } from './plot';
import { TimeChart } from './TimeChart';

interface Props {
  title: string;
  /** `$w` in an expression becomes the rate window that suits the range. */
  queries: readonly PlotQuery[];
  unit: Unit;
  kind?: PlotKind;
  softMax?: number;
  height?: number;
  /** Rows of the legend; 0 hides it. */
  rows?: number;
  keepOrder?: boolean;
  /** Why there may be nothing, and what would fill it. */
  empty?: string;
  /** Short facts beside the title. */
  note?: string | undefined;
}

/** True once the element is near the screen, false when it has left it. */
function useNear<T extends Element>(): [React.RefObject<T | null>, boolean] {
  const ref = useRef<T>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new IntersectionObserver(
      (entries) => setNear(entries.some((entry) => entry.isIntersecting)),
      { rootMargin: '240px' },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, near];
}

export function ChartPanel(props: Props) {
  const { title, unit, kind = 'lines', softMax, height = 132, rows = 4, keepOrder = false } = props;
  const t = useTranslate();
  const queries = useSameText(props.queries);
  const time = useTime();
  const [box, near] = useNear<HTMLElement>();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [focused, setFocused] = useState<number | null>(null);
  const [showQuery, setShowQuery] = useState(false);
  const exprs = queries.map((query) => time.prepare(query.expr));
  const answers = useRanges(exprs, time.spec, near);
  const matrices = useSameList(answers.map((answer) => answer.data));
  const drawing = useMemo(
    () =>
      drawingOf(matrices, {
        queries,
        stacked: kind === 'stacked',
        keepOrder,
        otherName: (count) => t('chart.other', { count }),
      }),
    [matrices, queries, kind, keepOrder, t],
  );
  const visible = useMemo<Drawing | null>(
    () =>
      drawing === null || hidden.size === 0
        ? drawing
        : { ...drawing, lines: drawing.lines.filter((line) => !hidden.has(line.name)) },
    [drawing, hidden],
  );
  const failed = answers.find((answer) => answer.error !== null);
  const waiting = answers.some((answer) => answer.data === undefined && answer.error === null);
  const someAnswered = answers.some((answer) => answer.data !== undefined);
  const isEmpty = drawing?.lines.every((line) => line.limit) === true;

  // What has nothing to show takes no more room than to say so.
  const isQuiet = someAnswered && !waiting && failed === undefined;

  function toggle(name: string, alone: boolean): void {
    const names = drawing?.lines.map((line) => line.name) ?? [];
    setHidden((old) => {
      if (!alone) {
        const next = new Set(old);
        if (!next.delete(name)) next.add(name);
        return next.size >= names.length ? new Set() : next;
      }
      const isAlone = old.size === names.length - 1 && !old.has(name);
      return isAlone ? new Set() : new Set(names.filter((each) => each !== name));
    });
  }

  return (
    <section ref={box} className={styles.panel} aria-label={title}>
      <header className={styles.head}>
        <h3>{title}</h3>
        {props.note !== undefined && <span className={styles.note}>{props.note}</span>}
        <Freshness answers={answers} />
        <ChartMenu
          title={title}
          exprs={exprs}
          drawing={drawing}
          box={box}
          kind={kind}
          onShowQuery={() => setShowQuery((old) => !old)}
        />
      </header>
      {showQuery && <pre className={styles.query}>{exprs.join('\n')}</pre>}
      <div className={styles.body} data-dim={answers.some((answer) => answer.previous) || undefined}>
        {visible !== null && !isEmpty ? (
          <TimeChart
            drawing={visible}
            kind={kind}
            unit={unit}
            softMax={softMax}
            height={height}
            label={title}
            pinMs={time.search.at ?? null}
            focused={focused}
            onZoom={time.zoom}
            onZoomOut={time.zoomOut}
            onPin={time.pin}
          />
        ) : (
          <div
            style={isQuiet ? undefined : { height: rows > 0 ? height + legendHeight(rows) : height }}
            className={styles.void}
          >
            {failed !== undefined && !someAnswered ? (
              <Message kind="error" text={failed.error?.message ?? ''} onRetry={failed.retry} />
            ) : waiting && !isEmpty ? (
              <Skeleton />
            ) : (
              <Message kind="empty" text={props.empty ?? t('chart.empty')} />
            )}
          </div>
        )}
      </div>
      {rows > 0 && drawing !== null && !isEmpty && (
        <Legend
          lines={drawing.lines}
          unit={unit}
          rows={rows}
          hidden={hidden}
          onToggle={toggle}
          onFocus={setFocused}
        />
      )}
    </section>
  );
}

interface ChartMenuProps {
  title: string;
  exprs: readonly string[];
  drawing: Drawing | null;
  box: React.RefObject<HTMLElement | null>;
  kind: PlotKind;
  onShowQuery: () => void;
}

export function ChartMenu({ title, exprs, drawing, box, kind, onShowQuery }: ChartMenuProps) {
  const t = useTranslate();
  const navigate = useNavigate();
  const expr = exprs.length === 1 ? (exprs[0] ?? '') : exprs.join('\nor\n');
  const entries: MenuEntry[] = [
    { icon: <Code2 />, text: t('chart.showQuery'), onSelect: onShowQuery },
    {
      icon: <TrendingUp />,
      text: t('chart.openInExplore'),
      onSelect: () =>
        void navigate({
          to: '/explore',
          search: (old: object) =>
            ({ ...old, expr, stacked: kind === 'stacked' ? true : undefined }) as never,
        }),
    },
    'line',
    {
      icon: <ImageDown />,
      text: t('chart.copyPicture'),
      onSelect: () => {
        const canvas = box.current?.querySelector('canvas');
        if (canvas) void copyPicture(canvas, title).then((taken) => notify(t(`toast.${taken}`)));
      },
    },
    {
      icon: <Table2 />,
      text: t('chart.copyCsv'),
      onSelect: () => {
        if (drawing) void copyText(csvOf(drawing), title, 'csv').then((taken) => notify(t(`toast.${taken}`)));
      },
    },
    {
      icon: <Copy />,
      text: t('chart.copyQuery'),
      onSelect: () =>
        void copyText(exprs.join('\n'), title, 'promql').then((taken) => notify(t(`toast.${taken}`))),
    },
    {
      icon: <Link2 />,
      text: t('chart.copyLink'),
      onSelect: () => void copyText(location.href, title, 'txt').then((taken) => notify(t(`toast.${taken}`))),
    },
  ];
  return (
    <Menu
      label={t('chart.menu', { title })}
      entries={entries}
      trigger={<MoreHorizontal />}
      className={styles.menu}
    />
  );
}
