// The queries that were run here, newest first, kept in this browser.
import { getPreference, setPreference } from '../../preferences/store';

const KEPT = 40;

export function readHistory(): string[] {
  try {
    const list: unknown = JSON.parse(getPreference('queries') ?? '[]');
    return Array.isArray(list) ? list.filter((each): each is string => typeof each === 'string') : [];
  } catch {
    return [];
  }
}

export function remember(expr: string): void {
  if (expr.trim() === '') return;
  setPreference(
    'queries',
    JSON.stringify([expr, ...readHistory().filter((each) => each !== expr)].slice(0, KEPT)),
  );
}
