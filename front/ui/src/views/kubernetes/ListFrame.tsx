// The frame of a list of a cluster: sentence on top, the list below, and how old it is when a refresh failed.
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Answer } from '../../api/hooks';
import type { KubernetesSearch } from '../../frame/router';
import { useTranslate } from '../../i18n/translate';
import { type Severity, StateLine } from '../../parts/StateLine';
import { Freshness, Message, Skeleton } from '../../parts/States';
import list from '../objects/ListView.module.css';

interface Props {
  title: string;
  state: { severity: Severity; text: string } | null;
  answers: ReadonlyArray<Answer<unknown>>;
  above?: ReactNode;
  children: ReactNode;
}

export function ListFrame({ title, state, answers, above, children }: Props) {
  return (
    <div className={list.page}>
      <div className={list.head}>
        <h1>{title}</h1>
        {state !== null && <StateLine severity={state.severity} text={state.text} />}
        <Freshness answers={answers} />
      </div>
      {above}
      <div className={list.table}>{children}</div>
    </div>
  );
}

/** What stands where rows would be: an error with a retry, the wait, or why there are none. */
export function ListEmpty({
  answer,
  text,
  children,
}: {
  answer: Answer<unknown>;
  text: string;
  children?: ReactNode;
}) {
  if (answer.error !== null && answer.data === undefined) {
    return <Message kind="error" text={answer.error.message} onRetry={answer.retry} />;
  }
  if (answer.data === undefined) return <Skeleton lines={5} />;
  return (
    <>
      <Message kind="empty" text={text} />
      {children}
    </>
  );
}

/** Changes what the URL says of a list; the step back leads to where one came from, not through each letter. */
export function useChange(): (next: KubernetesSearch) => void {
  const navigate = useNavigate();
  return (next) =>
    void navigate({ to: '.', search: (old: object) => ({ ...old, ...next }) as never, replace: true });
}

interface ChoiceProps {
  label: string;
  value: string | undefined;
  options: ReadonlyArray<{ value: string; text: string }>;
  /** The words for no choice. */
  all: string;
  onChange: (value: string | undefined) => void;
}

/** One of a few, as a native list: it works by keyboard and on a phone. */
export function Choice({ label, value, options, all, onChange }: ChoiceProps) {
  const t = useTranslate();
  const known = options.some((option) => option.value === value);
  return (
    <select
      className={list.choice}
      aria-label={label}
      title={label}
      value={value ?? ''}
      data-chosen={value !== undefined || undefined}
      onChange={(event) => onChange(event.target.value || undefined)}
    >
      <option value="">{all}</option>
      {value !== undefined && !known && <option value={value}>{value || t('k8s.all')}</option>}
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.text}
        </option>
      ))}
    </select>
  );
}
