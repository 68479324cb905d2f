// What the views of clusters share: links to objects, states in cells, bars of requests, findings with their evidence.
import { Link } from '@tanstack/react-router';
import { Copy } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { ObjectFinding, ObjectRef, ObjectState, Totals } from '../../api/kubernetes';
import { serverNow } from '../../api/system';
import { copyText } from '../../chart/export';
import { dateTime, utcTime } from '../../format/clock';
import { formatAge, formatExact, formatSpan, formatValue, type Unit } from '../../format/units';
import { useLanguage, useTranslate } from '../../i18n/translate';
import { SeverityMark } from '../../parts/StateLine';
import { notify } from '../../parts/Toast';
import { objectAddress } from './address';
import { commandFor } from './command';
import styles from './parts.module.css';
import { adviceText, refName, SEVERITY, sentence, stateText } from './words';

interface ObjectLinkProps {
  cluster: string;
  target: Omit<ObjectRef, 'apiVersion'>;
  children?: ReactNode;
}

export function ObjectLink({ cluster, target, children }: ObjectLinkProps) {
  return (
    <Link
      {...objectAddress(cluster, target)}
      className={styles.link}
      title={`${target.kind} ${refName(target)}`}
    >
      {children ?? target.name}
    </Link>
  );
}

/** A mark and the sentence; what is well stays quiet. */
export function StateCell({ state }: { state: ObjectState }) {
  const [language] = useLanguage();
  const text = stateText(state, language);
  return (
    <span className={styles.state} data-calm={state.severity === 'ok' || undefined} title={text}>
      <SeverityMark severity={SEVERITY[state.severity]} bare />
      <span>{sentence(text)}</span>
    </span>
  );
}

/** `5 min`, with the exact time on hover. */
export function AgeCell({ atMs }: { atMs: number | null }) {
  if (atMs === null) return <>–</>;
  return (
    <time dateTime={utcTime(atMs)} title={`${dateTime(atMs)} · ${utcTime(atMs)}`}>
      {formatAge(Math.max(0, serverNow() - atMs))}
    </time>
  );
}

/** Requested of what can be given, as a bar; limits as a mark on the same scale, or beyond its end. */
export function RequestMeter({ name, unit, totals }: { name: string; unit: Unit; totals: Totals }) {
  const t = useTranslate();
  const { requested, limits, allocatable } = totals;
  const share = allocatable > 0 ? requested / allocatable : null;
  const limitShare = allocatable > 0 ? limits / allocatable : 0;
  const state = share === null || share < 0.85 ? undefined : share >= 0.95 ? 'critical' : 'warning';
  const texts = {
    requested: formatValue(requested, unit),
    limits: formatValue(limits, unit),
    allocatable: formatValue(allocatable, unit),
  };
  return (
    <div className={styles.meter} data-state={state}>
      <dt>{name}</dt>
      <dd>
        <b title={formatExact(requested, unit)}>{formatValue(share, 'ratio')}</b>
        <small>{t('k8s.requestedOf', texts)}</small>
        <span
          className={styles.bar}
          role="img"
          aria-label={t('k8s.meter', texts)}
          title={t('k8s.meter', texts)}
        >
          <i style={{ width: `${Math.min(100, (share ?? 0) * 100)}%` }} />
          {limits > 0 && <s style={{ left: `${Math.min(100, limitShare * 100)}%` }} />}
        </span>
      </dd>
    </div>
  );
}

interface FindingListProps {
  cluster: string;
  findings: readonly ObjectFinding[];
  /** On the page of an object its own name need not be said again. */
  self?: Omit<ObjectRef, 'apiVersion'>;
  /** Findings shown before somebody asks for the rest. */
  first?: number;
  isBrief?: boolean;
}

/** What is wrong, with what it rests on, what to do, and the command to copy. */
export function FindingList({ cluster, findings, self, first = 8, isBrief = false }: FindingListProps) {
  const t = useTranslate();
  const [isOpen, setOpen] = useState(false);
  if (findings.length === 0) return null;
  const shown = isOpen ? findings : findings.slice(0, first);
  return (
    <div className={styles.findings}>
      <ul aria-label={t('state.findings')}>
        {shown.map((finding, idx) => (
          <FindingLine
            key={`${finding.code} ${refName(finding.object)} ${idx}`}
            cluster={cluster}
            finding={finding}
            isSelf={finding.object.name === self?.name && finding.object.kind === self.kind}
            isBrief={isBrief}
          />
        ))}
      </ul>
      {findings.length > first && (
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {t(isOpen ? 'k8s.fewer' : 'k8s.allFindings', { count: findings.length })}
        </button>
      )}
    </div>
  );
}

interface FindingLineProps {
  cluster: string;
  finding: ObjectFinding;
  isSelf: boolean;
  isBrief: boolean;
}

function FindingLine({ cluster, finding, isSelf, isBrief }: FindingLineProps) {
  const t = useTranslate();
  const [language] = useLanguage();
  const advice = adviceText(finding, language);
  const command = commandFor(finding);
  const text = stateText(finding, language);
  return (
    <li data-severity={finding.severity}>
      <SeverityMark severity={SEVERITY[finding.severity]} />
      <div>
        <p>
          {isSelf ? (
            sentence(text)
          ) : (
            <>
              <ObjectLink cluster={cluster} target={finding.object}>
                <small>{finding.object.kind}</small> {refName(finding.object)}
              </ObjectLink>{' '}
              {text}
            </>
          )}
        </p>
        {!isBrief && finding.evidence.length > 0 && (
          <dl className={styles.evidence}>
            {finding.evidence.map((each, idx) => (
              <div key={`${each.source}${idx}`}>
                <dt>{each.source}</dt>
                <dd>{each.text}</dd>
              </div>
            ))}
          </dl>
        )}
        {advice !== '' && <p className={styles.advice}>{t('k8s.advice', { advice: sentence(advice) })}</p>}
        {!isBrief && command !== null && (
          <button
            type="button"
            className={styles.command}
            title={t('k8s.copyCommand')}
            aria-label={`${t('k8s.copyCommand')}: ${command}`}
            onClick={() =>
              void copyText(command, finding.object.name, 'sh').then((taken) => notify(t(`toast.${taken}`)))
            }
          >
            <code>{command}</code>
            <Copy />
          </button>
        )}
      </div>
      {finding.since !== null && (
        <time
          dateTime={utcTime(finding.since)}
          title={`${dateTime(finding.since)} · ${utcTime(finding.since)}`}
        >
          {t('k8s.since', { span: formatSpan(Math.max(0, serverNow() - finding.since)) })}
        </time>
      )}
    </li>
  );
}
