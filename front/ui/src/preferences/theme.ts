// Dark, light, or as the system says. The attribute on <html> is the only thing the styles look at.
import { useEffect, useSyncExternalStore } from 'react';
import { usePreference } from './store';

export type ThemeChoice = 'dark' | 'light' | 'system';
export type Theme = 'dark' | 'light';

const dark = matchMedia('(prefers-color-scheme: dark)');

function subscribe(listener: () => void): () => void {
  dark.addEventListener('change', listener);
  return () => dark.removeEventListener('change', listener);
}

/** The theme that is shown, the choice behind it, and how to change it. */
export function useTheme(): { theme: Theme; choice: ThemeChoice; choose: (choice: ThemeChoice) => void } {
  const [choice, choose] = usePreference<ThemeChoice>('theme', 'system');
  const systemDark = useSyncExternalStore(subscribe, () => dark.matches);
  const theme: Theme = choice === 'system' ? (systemDark ? 'dark' : 'light') : choice;
  // Set while rendering as well: charts read their colours from it in the effects below.
  document.documentElement.dataset.theme = theme;
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  return { theme, choice, choose };
}
