// One short line that says that something was done, read out to screen readers.
import { useEffect, useSyncExternalStore } from 'react';
import styles from './Toast.module.css';

const SHOWN_MS = 2500;
let current: { text: string; id: number } | null = null;
const listeners = new Set<() => void>();

function set(next: typeof current): void {
  current = next;
  for (const listener of listeners) listener();
}

export function notify(text: string): void {
  set({ text, id: (current?.id ?? 0) + 1 });
}

export function Toast() {
  const toast = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => current,
  );
  useEffect(() => {
    if (toast === null) return;
    const timer = setTimeout(() => set(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast]);
  return (
    <div role="status" aria-live="polite" className={styles.place}>
      {toast !== null && <span className={styles.toast}>{toast.text}</span>}
    </div>
  );
}
