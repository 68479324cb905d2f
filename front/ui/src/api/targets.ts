// What is scraped: targets with their health, and how relabelling made them.
import { getData, isRecord } from './client';
import type { Labels } from './prometheus';

export type TargetHealth = 'up' | 'down' | 'unknown';

export interface Target {
  pool: string;
  url: string;
  labels: Labels;
  discovered: Labels;
  health: TargetHealth;
  /** Why the last scrape failed; empty if it did not. */
  error: string;
  /** When the last scrape began, as ms; null before the first. */
  scrapedAt: number | null;
  durationMs: number;
  interval: string;
  timeout: string;
}

export interface Targets {
  active: Target[];
  /** Dropped by relabelling, by pool. */
  dropped: Record<string, number>;
}

/** The keys of a rule as the configuration writes them. */
export type RelabelRule = Readonly<Record<string, string | number | readonly string[]>>;

export interface RelabelStep {
  rule: RelabelRule;
  output: Labels;
  keep: boolean;
}

interface RawTarget {
  discoveredLabels: Labels;
  labels: Labels;
  scrapePool: string;
  scrapeUrl: string;
  lastError: string;
  lastScrape: string;
  lastScrapeDuration: number;
  health: TargetHealth;
  scrapeInterval: string;
  scrapeTimeout: string;
}

/** The API writes the year 1 for "not yet". */
function timeOf(text: string): number | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) || ms <= 0 ? null : ms;
}

export function targetOf(raw: RawTarget): Target {
  return {
    pool: raw.scrapePool,
    url: raw.scrapeUrl,
    labels: raw.labels,
    discovered: raw.discoveredLabels,
    health: raw.health,
    error: raw.lastError,
    scrapedAt: timeOf(raw.lastScrape),
    durationMs: raw.lastScrapeDuration * 1000,
    interval: raw.scrapeInterval,
    timeout: raw.scrapeTimeout,
  };
}

export async function targets(signal: AbortSignal | null): Promise<Targets> {
  const data = await getData('/api/v1/targets', {}, signal);
  if (!isRecord(data)) return { active: [], dropped: {} };
  return {
    // Collectors of this machine stand in the same list; they have the system page.
    active: (data.activeTargets as RawTarget[])
      .filter((raw) => raw.scrapeUrl.startsWith('http'))
      .map(targetOf),
    dropped: (data.droppedTargetCounts as Record<string, number> | null) ?? {},
  };
}

/** What each rule of a job made of a target. */
export async function relabelSteps(target: Target, signal: AbortSignal | null): Promise<RelabelStep[]> {
  const params = { scrapePool: target.pool, labels: JSON.stringify(target.discovered) };
  const data = await getData('/api/v1/targets/relabel_steps', params, signal);
  return isRecord(data) && Array.isArray(data.steps) ? (data.steps as RelabelStep[]) : [];
}
