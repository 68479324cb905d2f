// The sentence on top of a page, and the findings below it with their evidence.
import { CircleAlert, CircleCheck, CircleDashed, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { type MessageKey, useTranslate } from '../i18n/translate';
import styles from './StateLine.module.css';

export type Severity = 'critical' | 'warning' | 'notice' | 'good' | 'unknown';

const ICONS: Record<Severity, ReactNode> = {
  critical: <CircleAlert />,
  warning: <TriangleAlert />,
  notice: <Info />,
  good: <CircleCheck />,
  unknown: <CircleDashed />,
};

const NAMES: Record<Severity, MessageKey> = {
  critical: 'severity.critical',
  warning: 'severity.warning',
  notice: 'severity.notice',
  good: 'severity.good',
  unknown: 'severity.unknown',
};

/** An icon with its word, in the colour of the state. */
export function SeverityMark({ severity, bare = false }: { severity: Severity; bare?: boolean }) {
  const t = useTranslate();
  return (
    <span className={styles.mark} data-severity={severity}>
      {ICONS[severity]}
      <span className={bare ? 'visually-hidden' : undefined}>{t(NAMES[severity])}</span>
    </span>
  );
}

interface StateLineProps {
  severity: Severity;
  text: string;
  /** The way to the evidence. */
  children?: ReactNode;
}

export function StateLine({ severity, text, children }: StateLineProps) {
  return (
    <p className={styles.line} data-severity={severity} data-testid="state">
      <SeverityMark severity={severity} bare />
      <span>
        {text} {children !== undefined && <span className={styles.detail}>{children}</span>}
      </span>
    </p>
  );
}

export interface FindingView {
  severity: Severity;
  text: string;
  /** Where the evidence is, and what can be done. */
  detail?: ReactNode;
}

export function Findings({ findings }: { findings: readonly FindingView[] }) {
  const t = useTranslate();
  if (findings.length === 0) return null;
  return (
    <ul className={styles.findings} aria-label={t('state.findings')}>
      {findings.map((finding) => (
        <li key={finding.text}>
          <SeverityMark severity={finding.severity} />
          <span>{finding.text}</span>
          {finding.detail !== undefined && <span className={styles.detail}>{finding.detail}</span>}
        </li>
      ))}
    </ul>
  );
}
