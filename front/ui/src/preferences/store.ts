// Choices of the reader that are not part of a link: theme, language, folded rail, chosen columns.
import { useSyncExternalStore } from 'react';

const PREFIX = 'periplus.';
const listeners = new Set<() => void>();

function read(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** Remembers a choice; a browser that refuses storage keeps it for this page only. */
const unsaved = new Map<string, string>();

export function setPreference(name: string, value: string): void {
  unsaved.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Kept in `unsaved`.
  }
  for (const listener of listeners) listener();
}

export function getPreference(name: string): string | null {
  return unsaved.get(name) ?? read(name);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** A remembered choice and how to change it. */
export function usePreference<T extends string>(name: string, fallback: T): [T, (value: T) => void] {
  const value = useSyncExternalStore(subscribe, () => getPreference(name));
  return [(value ?? fallback) as T, (next) => setPreference(name, next)];
}
