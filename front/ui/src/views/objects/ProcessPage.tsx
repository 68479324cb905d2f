// One process by the template.
import { Link, useParams } from '@tanstack/react-router';
import { useInstants, useSystem } from '../../api/hooks';
import { serverNow } from '../../api/system';
import { dateTime, utcTime } from '../../format/clock';
import { formatSpan, formatValue } from '../../format/units';
import { type Translate, useTranslate } from '../../i18n/translate';
import type { FindingView } from '../../parts/StateLine';
import { Message, Skeleton } from '../../parts/States';
import { useTime } from '../../time/useTime';
import { ObjectPage, type ObjectPanel } from './ObjectPage';
import styles from './ObjectPage.module.css';
import { containerName, processQueries, processSelector } from './queries';

const CORE_BUSY = 0.9;
const GROWTH_SHARE = 0.2;
const GROWTH_BYTES = 64 * 2 ** 20;
const MANY_FILES = 800;

export function ProcessPage() {
  const t = useTranslate();
  const { pid } = useParams({ from: '/processes/$pid' });
  const time = useTime();
  const system = useSystem();
  const selector = processSelector(pid);
  const all = processQueries(time.rate, selector);
  const { samples, answers } = useInstants(
    {
      ...all,
      total: 'node_memory_MemTotal_bytes',
      growth: `delta(process_memory_usage_bytes{${selector}}[15m])`,
    },
    time.atMs,
  );
  const first = samples.memory?.[0] ?? samples.cpu?.[0];
  const failed = answers.find((answer) => answer.error !== null && answer.data === undefined);
  if (first === undefined) {
    if (failed !== undefined)
      return <Message kind="error" text={failed.error?.message ?? ''} onRetry={failed.retry} />;
    if (samples.memory === undefined) return <Skeleton lines={6} />;
    return <Message kind="empty" text={t('process.gone', { pid })} />;
  }
  const { comm = pid, user = '', unit = '' } = first.labels;
  const value = (name: keyof typeof samples): number | null => samples[name]?.[0]?.value ?? null;
  const started = value('started');
  const total = value('total');
  const memory = value('memory');
  const numbers = {
    comm,
    cpu: formatValue(value('cpu'), 'ratio'),
    memory: formatValue(memory, 'bytes'),
    share: formatValue(memory !== null && total !== null ? memory / total : null, 'ratio'),
    read: formatValue(value('read'), 'bytes/s'),
    write: formatValue(value('write'), 'bytes/s'),
  };
  const findings = findingsOf(
    { cpu: value('cpu'), memory, growth: value('growth'), files: value('files') },
    t,
  );
  return (
    <ObjectPage
      view={{
        owners: [
          {
            text: 'machine',
            to: <Link to="/">{system.data?.host ?? first.labels.instance ?? t('object.machine')}</Link>,
          },
          ...(unit === ''
            ? []
            : [
                {
                  text: unit,
                  to: (
                    <Link to="/containers" search={(old: object) => ({ ...old, q: unit }) as never}>
                      {unit}
                    </Link>
                  ),
                },
              ]),
          { text: 'processes', to: <Link to="/processes">{t('area.processes')}</Link> },
        ],
        name: comm,
        facts: [
          { name: 'PID', value: pid },
          { name: t('process.user'), value: user || '–' },
          { name: t('process.unit'), value: unit || '–' },
          {
            name: t('process.started'),
            value:
              started === null ? (
                '–'
              ) : (
                <span title={`${dateTime(started * 1000)} · ${utcTime(started * 1000)}`}>
                  {t('time.ago', { span: formatSpan(serverNow() - started * 1000) })}
                </span>
              ),
          },
          { name: t('process.threads'), value: formatValue(value('threads'), 'count') },
          { name: t('process.files'), value: formatValue(value('files'), 'count') },
        ],
        state: { severity: findings[0]?.severity ?? 'good', text: t('process.state', numbers) },
        findings,
        signals: signalsOf(selector, t),
        relations: <Relations unit={unit} pid={pid} />,
        raw: { selector },
      }}
    />
  );
}

interface Measured {
  cpu: number | null;
  memory: number | null;
  growth: number | null;
  files: number | null;
}

function findingsOf({ cpu, memory, growth, files }: Measured, t: Translate): FindingView[] {
  const findings: FindingView[] = [];
  if (cpu !== null && cpu >= CORE_BUSY) {
    findings.push({
      severity: 'notice',
      text: t('process.findingCpu', { cores: formatValue(cpu, 'number') }),
    });
  }
  if (memory !== null && growth !== null && growth > GROWTH_BYTES && growth / memory > GROWTH_SHARE) {
    findings.push({
      severity: 'warning',
      text: t('process.findingGrowth', { bytes: formatValue(growth, 'bytes') }),
    });
  }
  if (files !== null && files >= MANY_FILES) {
    findings.push({ severity: 'notice', text: t('process.findingFiles', { count: files }) });
  }
  return findings.sort((a) => (a.severity === 'warning' ? -1 : 1));
}

function signalsOf(selector: string, t: Translate) {
  const rate = (metric: string, more: string): string => `sum(rate(${metric}{${selector},${more}}[$w]))`;
  const empty = t('process.noSignal');
  const saturation: ObjectPanel[] = [
    {
      title: 'CPU',
      unit: 'ratio',
      kind: 'stacked',
      softMax: 0.1,
      empty,
      queries: [
        { expr: rate('process_cpu_time_seconds_total', 'mode="user"'), legend: t('line.user') },
        { expr: rate('process_cpu_time_seconds_total', 'mode="system"'), legend: t('line.system') },
      ],
    },
    {
      title: t('process.memory'),
      unit: 'bytes',
      empty,
      queries: [{ expr: `process_memory_usage_bytes{${selector}}`, legend: t('line.resident') }],
    },
  ];
  const load: ObjectPanel[] = [
    {
      title: t('process.io'),
      unit: 'bytes/s',
      empty: t('process.noIo'),
      queries: [
        { expr: rate('process_disk_io_bytes_total', 'direction="read"'), legend: t('line.read') },
        { expr: rate('process_disk_io_bytes_total', 'direction="write"'), legend: t('line.write') },
      ],
    },
    {
      title: t('process.filesAndThreads'),
      unit: 'count',
      empty,
      queries: [
        { expr: `process_open_file_descriptor_count{${selector}}`, legend: t('process.files') },
        { expr: `process_thread_count{${selector}}`, legend: t('process.threads') },
      ],
    },
  ];
  return [
    { title: t('signal.saturation'), panels: saturation },
    {
      title: t('signal.errors'),
      panels: [
        {
          title: t('process.oomOfMachine'),
          unit: 'count' as const,
          softMax: 1,
          empty: t('process.noErrors'),
          queries: [{ expr: 'increase(node_vmstat_oom_kill[$w])', legend: t('line.oomKills') }],
        },
      ],
    },
    { title: t('signal.load'), panels: load },
  ];
}

/** The unit it belongs to and the other processes in it. */
function Relations({ unit, pid }: { unit: string; pid: string }) {
  const t = useTranslate();
  const { atMs, prepare } = useTime();
  const matcher = `unit=${JSON.stringify(unit)},pid!=""`;
  const { samples } = useInstants(
    {
      memory: `topk(12, process_memory_usage_bytes{${matcher}})`,
      cpu: prepare(`sum by (pid) (rate(process_cpu_time_seconds_total{${matcher}}[$w]))`),
      owner: `container_memory_working_set_bytes{name=${JSON.stringify(unit)}}`,
    },
    atMs,
  );
  if (unit === '') return <Message kind="empty" text={t('process.noUnit')} />;
  const others = (samples.memory ?? []).filter((sample) => sample.labels.pid !== pid);
  const owner = samples.owner?.[0];
  return (
    <ul className={styles.related}>
      {owner !== undefined && (
        <li>
          <Link to="/containers/$" params={{ _splat: (owner.labels.id ?? '').replace(/^\//, '') }}>
            {containerName(owner.labels)} <small>{t('object.owner')}</small>
          </Link>
          <span />
          <span>{formatValue(owner.value, 'bytes')}</span>
        </li>
      )}
      {others.map((sample) => (
        <li key={sample.labels.pid}>
          <Link to="/processes/$pid" params={{ pid: sample.labels.pid ?? '' }}>
            {sample.labels.comm} <small>{sample.labels.pid}</small>
          </Link>
          <span>
            {formatValue(samples.cpu?.find((each) => each.labels.pid === sample.labels.pid)?.value, 'ratio')}
          </span>
          <span>{formatValue(sample.value, 'bytes')}</span>
        </li>
      ))}
      {others.length === 0 && (
        <li>
          <span>{t('process.alone', { unit })}</span>
        </li>
      )}
    </ul>
  );
}
