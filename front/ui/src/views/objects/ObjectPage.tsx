// The one template of every thing: who it is and who owns it, its state, findings, signals in a fixed
// order, relations, events, raw.
import { Link } from '@tanstack/react-router';
import { Fragment, type ReactElement, type ReactNode } from 'react';
import { useInstants } from '../../api/hooks';
import { seriesKey } from '../../api/prometheus';
import { ChartPanel } from '../../chart/ChartPanel';
import type { PlotQuery } from '../../chart/drawing';
import type { PlotKind } from '../../chart/plot';
import { formatExact, formatValue, guessUnit, type Unit } from '../../format/units';
import { useTranslate } from '../../i18n/translate';
import { Findings, type FindingView, type Severity, StateLine } from '../../parts/StateLine';
import { Message, Skeleton } from '../../parts/States';
import { useTime } from '../../time/useTime';
import styles from './ObjectPage.module.css';

export interface ObjectPanel {
  title: string;
  unit: Unit;
  kind?: PlotKind;
  softMax?: number;
  empty: string;
  queries: PlotQuery[];
}

export interface ObjectView {
  /** From the machine down to what owns this thing. */
  owners: ReadonlyArray<{ text: string; to: ReactNode }>;
  name: string;
  facts: ReadonlyArray<{ name: string; value: ReactNode }>;
  state: { severity: Severity; text: string };
  /** A list, or findings that are drawn with their evidence elsewhere. */
  findings: readonly FindingView[] | ReactElement;
  signals: ReadonlyArray<{ title: string; panels: readonly ObjectPanel[] }>;
  relations: ReactNode;
  /** What happened to it, where that is known. */
  events?: ReactNode;
  /** What it is in full, or matchers that select its raw series. */
  raw: { selector: string } | ReactElement;
  /** Stands beside the sentence: how old it is. */
  aside?: ReactNode;
}

export function ObjectPage({ view }: { view: ObjectView }) {
  const t = useTranslate();
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <nav className={styles.owners} aria-label={t('object.owners')}>
          {view.owners.map((owner) => (
            <Fragment key={owner.text}>
              {owner.to}
              <span aria-hidden="true">›</span>
            </Fragment>
          ))}
        </nav>
        <h1>{view.name}</h1>
      </header>
      <div className={styles.state}>
        <StateLine severity={view.state.severity} text={view.state.text} />
        {view.aside}
      </div>
      <dl className={styles.facts}>
        {view.facts.map((fact) => (
          <div key={fact.name}>
            <dt>{fact.name}</dt>
            <dd>{fact.value}</dd>
          </div>
        ))}
      </dl>
      {'props' in view.findings ? view.findings : <Findings findings={view.findings} />}
      {view.signals.map((signal) => (
        <section key={signal.title} className={styles.section}>
          <h2>{signal.title}</h2>
          <div className={styles.charts} data-count={signal.panels.length}>
            {signal.panels.map((panel) => (
              <ChartPanel
                key={panel.title}
                title={panel.title}
                unit={panel.unit}
                queries={panel.queries}
                empty={panel.empty}
                rows={3}
                keepOrder
                {...(panel.kind === undefined ? {} : { kind: panel.kind })}
                {...(panel.softMax === undefined ? {} : { softMax: panel.softMax })}
              />
            ))}
          </div>
        </section>
      ))}
      <section className={styles.section}>
        <h2>{t('object.relations')}</h2>
        {view.relations}
      </section>
      {view.events !== undefined && (
        <section className={styles.section}>
          <h2>{t('object.events')}</h2>
          {view.events}
        </section>
      )}
      {'selector' in view.raw ? <RawSeries selector={view.raw.selector} /> : view.raw}
    </div>
  );
}

function RawSeries({ selector }: { selector: string }) {
  const t = useTranslate();
  const { atMs } = useTime();
  const { samples, answers } = useInstants({ raw: `{${selector}}` }, atMs);
  const failed = answers.find((answer) => answer.error !== null && answer.data === undefined);
  const rows = [...(samples.raw ?? [])].sort((a, b) =>
    seriesKey(a.labels).localeCompare(seriesKey(b.labels)),
  );
  return (
    <section className={styles.section}>
      <h2>
        {t('object.raw')} <small>{samples.raw === undefined ? '' : rows.length}</small>
      </h2>
      {failed !== undefined ? (
        <Message kind="error" text={failed.error?.message ?? ''} onRetry={failed.retry} />
      ) : samples.raw === undefined ? (
        <Skeleton />
      ) : rows.length === 0 ? (
        <Message kind="empty" text={t('object.noSeries')} />
      ) : (
        <section className={styles.raw} tabIndex={0} aria-label={t('object.raw')}>
          <table>
            <tbody>
              {rows.map((row) => {
                const key = seriesKey(row.labels);
                const unit = guessUnit(key);
                return (
                  <tr key={key}>
                    <th scope="row">
                      <Link
                        to="/explore"
                        search={(old: object) => ({ ...old, expr: key }) as never}
                        title={key}
                      >
                        {key}
                      </Link>
                    </th>
                    <td title={formatExact(row.value, unit)}>{formatValue(row.value, unit)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
