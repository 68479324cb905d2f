// One container or service by the template.
import { Link, useParams } from '@tanstack/react-router';
import { useInstants, useSystem } from '../../api/hooks';
import { quoted } from '../../api/prometheus';
import { serverNow } from '../../api/system';
import { dateTime, utcTime } from '../../format/clock';
import { formatSpan, formatValue } from '../../format/units';
import { type Translate, useTranslate } from '../../i18n/translate';
import type { FindingView } from '../../parts/StateLine';
import { Message, Skeleton } from '../../parts/States';
import { useTime } from '../../time/useTime';
import { ObjectPage, type ObjectPanel } from './ObjectPage';
import styles from './ObjectPage.module.css';
import { containerName, containerQueries, containerSelector, isRealContainer } from './queries';

const NEAR_LIMIT = { warning: 0.85, critical: 0.95 };
const THROTTLED = 0.1;

export function ContainerPage() {
  const t = useTranslate();
  const { _splat } = useParams({ from: '/containers/$' });
  const id = `/${_splat ?? ''}`;
  const time = useTime();
  const system = useSystem();
  const selector = containerSelector(id);
  const { samples, answers } = useInstants(containerQueries(time.rate, selector), time.atMs);
  const first = samples.memory?.[0] ?? samples.cpu?.[0];
  const failed = answers.find((answer) => answer.error !== null && answer.data === undefined);
  if (first === undefined) {
    if (failed !== undefined)
      return <Message kind="error" text={failed.error?.message ?? ''} onRetry={failed.retry} />;
    if (samples.memory === undefined) return <Skeleton lines={6} />;
    return <Message kind="empty" text={t('containers.gone', { id })} />;
  }
  const { labels } = first;
  const value = (name: keyof typeof samples): number | null => samples[name]?.[0]?.value ?? null;
  const started = value('started');
  const memory = value('memory');
  const limit = value('limit');
  const findings = findingsOf(
    { memory, limit, throttled: value('throttled'), oom: value('oom'), restarts: value('restarts') },
    t,
  );
  const numbers = {
    name: containerName(labels),
    cpu: formatValue(value('cpu'), 'ratio'),
    memory: formatValue(memory, 'bytes'),
    limit: formatValue(limit, 'bytes'),
    share: formatValue(limit !== null && memory !== null ? memory / limit : null, 'ratio'),
  };
  const real = isRealContainer(labels);
  return (
    <ObjectPage
      view={{
        owners: [
          { text: 'machine', to: <Link to="/">{system.data?.host ?? t('object.machine')}</Link> },
          ...(labels.namespace ? [{ text: labels.namespace, to: <span>{labels.namespace}</span> }] : []),
          ...(labels.pod ? [{ text: labels.pod, to: <span>{labels.pod}</span> }] : []),
          {
            text: 'containers',
            to: (
              <Link
                to="/containers"
                search={(old: object) => ({ ...old, kind: real ? 'containers' : 'services' }) as never}
              >
                {t(real ? 'containers.containers' : 'containers.services')}
              </Link>
            ),
          },
        ],
        name: numbers.name,
        facts: [
          { name: t('containers.image'), value: <span title={labels.image}>{labels.image || '–'}</span> },
          { name: t('containers.cgroup'), value: <span title={id}>{id}</span> },
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
          {
            name: t('containers.memoryLimit'),
            value: limit === null ? t('containers.noLimit') : numbers.limit,
          },
          { name: t('containers.pids'), value: formatValue(value('pids'), 'count') },
        ],
        state: {
          severity: findings[0]?.severity ?? 'good',
          text: t(limit === null ? 'containers.state' : 'containers.stateLimited', numbers),
        },
        findings,
        signals: signalsOf(selector, t),
        relations: <Members name={labels.name ?? ''} />,
        raw: { selector },
      }}
    />
  );
}

interface Measured {
  memory: number | null;
  limit: number | null;
  throttled: number | null;
  oom: number | null;
  restarts: number | null;
}

function findingsOf({ memory, limit, throttled, oom, restarts }: Measured, t: Translate): FindingView[] {
  const findings: FindingView[] = [];
  if (oom !== null && oom > 0)
    findings.push({ severity: 'critical', text: t('containers.findingOom', { count: oom }) });
  if (memory !== null && limit !== null && memory / limit >= NEAR_LIMIT.warning) {
    findings.push({
      severity: memory / limit >= NEAR_LIMIT.critical ? 'critical' : 'warning',
      text: t('containers.findingLimit', {
        share: formatValue(memory / limit, 'ratio'),
        limit: formatValue(limit, 'bytes'),
      }),
    });
  }
  if (throttled !== null && throttled >= THROTTLED) {
    findings.push({
      severity: 'warning',
      text: t('containers.findingThrottled', { share: formatValue(throttled, 'ratio') }),
    });
  }
  if (restarts !== null && restarts > 0) {
    findings.push({ severity: 'warning', text: t('containers.findingRestarts', { count: restarts }) });
  }
  return findings;
}

function signalsOf(selector: string, t: Translate) {
  const rate = (metric: string): string => `sum(rate(${metric}{${selector}}[$w]))`;
  const empty = t('containers.noSignal');
  const saturation: ObjectPanel[] = [
    {
      title: 'CPU',
      unit: 'ratio',
      softMax: 0.05,
      empty,
      queries: [
        { expr: rate('container_cpu_usage_seconds_total'), legend: t('line.use') },
        { expr: rate('container_cpu_cfs_throttled_seconds_total'), legend: t('containers.throttled') },
        {
          expr: `sum(container_spec_cpu_quota{${selector}} > 0) / sum(container_spec_cpu_period{${selector}})`,
          legend: t('line.limit'),
          limit: true,
        },
      ],
    },
    {
      title: t('process.memory'),
      unit: 'bytes',
      empty,
      queries: [
        { expr: `container_memory_working_set_bytes{${selector}}`, legend: t('line.workingSet') },
        { expr: `container_memory_rss{${selector}}`, legend: t('line.anonymous') },
        { expr: `container_memory_cache{${selector}}`, legend: t('line.cache') },
        { expr: `container_spec_memory_limit_bytes{${selector}} > 0`, legend: t('line.limit'), limit: true },
      ],
    },
    {
      title: t('panel.pressure'),
      unit: 'ratio',
      softMax: 0.1,
      empty: t('containers.noPressure'),
      queries: [
        { expr: rate('container_pressure_cpu_waiting_seconds_total'), legend: t('line.cpuSome') },
        { expr: rate('container_pressure_memory_waiting_seconds_total'), legend: t('line.memorySome') },
        { expr: rate('container_pressure_io_waiting_seconds_total'), legend: t('line.ioSome') },
      ],
    },
  ];
  const errors: ObjectPanel[] = [
    {
      title: t('containers.oomAndRestarts'),
      unit: 'count',
      softMax: 1,
      empty: t('containers.noErrors'),
      queries: [
        { expr: `sum(increase(container_oom_events_total{${selector}}[$w]))`, legend: t('line.oomKills') },
        {
          expr: `sum(changes(container_start_time_seconds{${selector}}[$w]))`,
          legend: t('containers.restarts'),
        },
      ],
    },
  ];
  const load: ObjectPanel[] = [
    {
      title: t('section.network'),
      unit: 'bytes/s',
      empty: t('containers.noNetwork'),
      queries: [
        { expr: rate('container_network_receive_bytes_total'), legend: t('line.received') },
        { expr: rate('container_network_transmit_bytes_total'), legend: t('line.sent') },
      ],
    },
    {
      title: t('process.io'),
      unit: 'bytes/s',
      empty: t('containers.noIo'),
      queries: [
        { expr: rate('container_fs_reads_bytes_total'), legend: t('line.read') },
        { expr: rate('container_fs_writes_bytes_total'), legend: t('line.write') },
      ],
    },
    {
      title: t('containers.pids'),
      unit: 'count',
      empty,
      queries: [
        { expr: `container_processes{${selector}}`, legend: t('containers.pids') },
        { expr: `container_threads{${selector}}`, legend: t('process.threads') },
      ],
    },
  ];
  return [
    { title: t('signal.saturation'), panels: saturation },
    { title: t('signal.errors'), panels: errors },
    { title: t('signal.load'), panels: load },
  ];
}

/** The processes inside, as far as they are kept. */
function Members({ name }: { name: string }) {
  const t = useTranslate();
  const { atMs, prepare } = useTime();
  const matcher = `unit=${quoted(name)},pid!=""`;
  const { samples } = useInstants(
    {
      memory: `topk(20, process_memory_usage_bytes{${matcher}})`,
      cpu: prepare(`sum by (pid) (rate(process_cpu_time_seconds_total{${matcher}}[$w]))`),
    },
    atMs,
  );
  if (name === '' || samples.memory?.length === 0)
    return <Message kind="empty" text={t('containers.noMembers')} />;
  return (
    <ul className={styles.related}>
      {(samples.memory ?? []).map(({ labels, value }) => (
        <li key={labels.pid}>
          <Link to="/processes/$pid" params={{ pid: labels.pid ?? '' }}>
            {labels.comm} <small>{labels.pid}</small>
          </Link>
          <span>
            {formatValue(samples.cpu?.find((each) => each.labels.pid === labels.pid)?.value, 'ratio')}
          </span>
          <span>{formatValue(value, 'bytes')}</span>
        </li>
      ))}
    </ul>
  );
}
