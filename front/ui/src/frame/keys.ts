// The keys of the whole page. Keys never act while something is being typed.
import { useEffect, useRef } from 'react';
import type { Area } from './areas';

const CHORD_MS = 1200;

export interface KeyActions {
  openPalette: () => void;
  openShortcuts: () => void;
  areas: readonly Area[];
  goTo: (area: Area) => void;
}

/** Whether a key belongs to a field instead of to the page. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

export function useKeys(actions: KeyActions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    let chordUntil = 0;
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        latest.current.openPalette();
        return;
      }
      const inDialog = document.querySelector('[role="dialog"]') !== null;
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || inDialog) return;
      if (Date.now() < chordUntil) {
        chordUntil = 0;
        const area = latest.current.areas.find(({ letter }) => letter === event.key);
        if (area !== undefined) {
          event.preventDefault();
          latest.current.goTo(area);
        }
        return;
      }
      if (event.key === 'g') chordUntil = Date.now() + CHORD_MS;
      else if (event.key === '/') {
        event.preventDefault();
        latest.current.openPalette();
      } else if (event.key === '?') latest.current.openShortcuts();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
