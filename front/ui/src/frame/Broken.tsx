// A view that cannot be shown says what happened; the frame around it stays.
import type { ErrorComponentProps } from '@tanstack/react-router';
import { Message } from '../parts/States';
import styles from './Frame.module.css';

export function Broken({ error, reset }: ErrorComponentProps) {
  return (
    <div className={styles.notFound}>
      <Message kind="error" text={error instanceof Error ? error.message : String(error)} onRetry={reset} />
    </div>
  );
}
