// From facts to words: what is wrong, how much, and the one sentence on top.
import { formatSpan, formatValue } from '../../format/units';
import type { Translate } from '../../i18n/translate';
import type { Severity } from '../../parts/StateLine';
import { type Fact, type Facts, numberOf } from './facts';

export type SectionId = 'saturation' | 'cpu' | 'memory' | 'disk' | 'network';

export interface Finding {
  severity: Severity;
  section: SectionId | 'system';
  text: string;
  /** Larger deserves attention first, among equals in severity. */
  weight: number;
}

const ORDER: readonly Severity[] = ['critical', 'warning', 'notice', 'good', 'unknown'];

// Shares of a minute in which some task waited. Below the first, waiting is the normal noise of a busy
// machine; above the second, people notice.
const CPU_WAIT = { warning: 0.3, critical: 0.7 };
const MEMORY_WAIT = { warning: 0.1, critical: 0.25 };
const IO_WAIT = { warning: 0.25, critical: 0.6 };
const FULL = { warning: 0.85, critical: 0.95 };

function levelOf(value: number, levels: { warning: number; critical: number }): Severity | null {
  if (value >= levels.critical) return 'critical';
  return value >= levels.warning ? 'warning' : null;
}

const ratio = (value: number | null): string => formatValue(value, 'ratio');

function processText(fact: Fact | undefined, value: string, t: Translate): string {
  if (fact === undefined) return t('state.unknownProcess');
  return t('state.process', { comm: fact.labels.comm ?? '', pid: fact.labels.pid ?? '', value });
}

function pressureFindings(facts: Facts, t: Translate): Finding[] {
  const findings: Finding[] = [];
  const largest = facts.largest?.[0];
  const busiest = facts.busiest?.[0];
  const disk = facts.disk?.[0];
  const memory = numberOf(facts, 'memoryWaiting') ?? 0;
  const memoryLevel = levelOf(memory, MEMORY_WAIT);
  if (memoryLevel !== null) {
    const who = processText(largest, formatValue(largest?.value, 'bytes'), t);
    findings.push({
      severity: memoryLevel,
      section: 'memory',
      text: t('finding.memory', { share: ratio(memory), who }),
      weight: memory * 3,
    });
  }
  const io = numberOf(facts, 'ioWaiting') ?? 0;
  const ioLevel = levelOf(io, IO_WAIT);
  if (ioLevel !== null) {
    findings.push({
      severity: ioLevel,
      section: 'disk',
      text: t('finding.io', {
        share: ratio(io),
        disk: disk?.labels.device ?? '–',
        use: ratio(disk?.value ?? null),
      }),
      weight: io * 2,
    });
  }
  const cores = numberOf(facts, 'cores');
  const load = numberOf(facts, 'load');
  const cpu = numberOf(facts, 'cpuWaiting');
  const cpuLevel =
    cpu !== null
      ? levelOf(cpu, CPU_WAIT)
      : cores !== null && load !== null
        ? levelOf(load / cores, { warning: 1.5, critical: 4 })
        : null;
  if (cpuLevel !== null) {
    const who = processText(busiest, ratio(busiest?.value ?? null), t);
    findings.push({
      severity: cpuLevel,
      section: 'cpu',
      text:
        cpu !== null
          ? t('finding.cpu', { share: ratio(cpu), who })
          : t('finding.load', { load: formatValue(load, 'number'), cores: cores ?? 0, who }),
      weight: cpu ?? 0.5,
    });
  }
  return findings;
}

function storageFindings(facts: Facts, t: Translate): Finding[] {
  const findings: Finding[] = [];
  for (const { labels, value } of facts.filesystem ?? []) {
    const level = levelOf(value, FULL);
    if (level === null) continue;
    findings.push({
      severity: level,
      section: 'disk',
      text: t('finding.filesystem', { mount: labels.mountpoint ?? '', share: ratio(value) }),
      weight: value / 2,
    });
  }
  const soon = facts.timeToFull?.[0];
  const used =
    facts.filesystem?.find(({ labels }) => labels.mountpoint === soon?.labels.mountpoint)?.value ?? 0;
  // A half empty disk that took one large file is no news; one that is full within the hour is.
  if (soon !== undefined && (soon.value < 3600 || (soon.value < 86_400 && used > 0.6))) {
    findings.push({
      severity: soon.value < 3600 ? 'critical' : 'warning',
      section: 'disk',
      text: t('finding.fillsUp', {
        mount: soon.labels.mountpoint ?? '',
        span: formatSpan(soon.value * 1000),
      }),
      weight: 0.2,
    });
  }
  return findings;
}

function otherFindings(facts: Facts, t: Translate): Finding[] {
  const findings: Finding[] = [];
  const add = (severity: Severity, section: Finding['section'], text: string, weight: number): void => {
    findings.push({ severity, section, text, weight });
  };
  const kills = numberOf(facts, 'oomKills') ?? 0;
  if (kills >= 0.5) add('critical', 'memory', t('finding.oom', { count: Math.round(kills) }), 5);
  const steal = numberOf(facts, 'cpuSteal') ?? 0;
  if (steal >= 0.1)
    add(steal >= 0.3 ? 'critical' : 'warning', 'cpu', t('finding.steal', { share: ratio(steal) }), steal);
  const total = numberOf(facts, 'memoryTotal');
  const available = numberOf(facts, 'memoryAvailable');
  if (total !== null && available !== null && available / total < 0.06) {
    add('warning', 'memory', t('finding.available', { bytes: formatValue(available, 'bytes') }), 0.5);
  }
  const errors = numberOf(facts, 'networkErrors') ?? 0;
  if (errors >= 0.1)
    add('warning', 'network', t('finding.networkErrors', { rate: formatValue(errors, 'count/s') }), 0.4);
  const sent = numberOf(facts, 'segmentsSent') ?? 0;
  const again = numberOf(facts, 'retransmitted') ?? 0;
  if (sent > 10 && again / sent > 0.03) {
    add('warning', 'network', t('finding.retransmits', { share: ratio(again / sent) }), 0.4);
  }
  const tracked = numberOf(facts, 'conntrack') ?? 0;
  const trackedLevel = levelOf(tracked, { warning: 0.8, critical: 0.95 });
  if (trackedLevel !== null)
    add(trackedLevel, 'network', t('finding.conntrack', { share: ratio(tracked) }), 0.9);
  for (const { labels } of facts.down ?? []) {
    add('warning', 'system', t('finding.down', { job: labels.job ?? '' }), 0.7);
  }
  return findings;
}

export interface State {
  severity: Severity;
  sentence: string;
  findings: Finding[];
}

/** The state of the machine: what deserves attention first, and the sentence that says it. */
export function stateOf(facts: Facts, t: Translate): State {
  const findings = [
    ...pressureFindings(facts, t),
    ...storageFindings(facts, t),
    ...otherFindings(facts, t),
  ].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) || b.weight - a.weight);
  const total = numberOf(facts, 'memoryTotal');
  const available = numberOf(facts, 'memoryAvailable');
  const busy = numberOf(facts, 'cpuBusy');
  const disk = facts.disk?.[0];
  const parts: string[] = [];
  if (busy !== null) parts.push(t('state.cpu', { share: ratio(Math.max(0, busy)) }));
  if (total !== null && available !== null) {
    parts.push(t('state.memory', { share: ratio(1 - available / total) }));
  }
  if (disk !== undefined) {
    parts.push(t('state.disk', { device: disk.labels.device ?? '', share: ratio(disk.value) }));
  }
  const [worst] = findings;
  if (worst === undefined) {
    if (parts.length === 0) return { severity: 'unknown', sentence: t('state.noData'), findings };
    const pressured = numberOf(facts, 'cpuWaiting') !== null || numberOf(facts, 'load') !== null;
    const lead = t(pressured ? 'state.calm' : 'state.measured');
    return {
      severity: pressured ? 'good' : 'unknown',
      sentence: `${lead} ${parts.join(t('state.comma'))}${t('state.stop')}`,
      findings,
    };
  }
  const more = findings.length - 1;
  const rest = more > 0 ? ` ${t(more === 1 ? 'state.oneMore' : 'state.more', { count: more })}` : '';
  return { severity: worst.severity, sentence: worst.text + rest, findings };
}
