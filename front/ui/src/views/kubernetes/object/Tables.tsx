// The small tables of an object's page: its pods, its containers, its conditions, what it is related to.
import type { Condition, ObjectDetail, ObjectRef, Pod } from '../../../api/kubernetes';
import { formatValue } from '../../../format/units';
import { type MessageKey, useLanguage, useTranslate } from '../../../i18n/translate';
import { en } from '../../../i18n/en';
import { type Severity, SeverityMark } from '../../../parts/StateLine';
import { AgeCell, ObjectLink, StateCell } from '../parts';
import { refKey, refName, SEVERITY, shortImage, stateText } from '../words';
import styles from './Tables.module.css';

/** Pods, the worst first; the rest is counted. */
export function PodTable({ cluster, pods, total }: { cluster: string; pods: readonly Pod[]; total: number }) {
  const t = useTranslate();
  return (
    <section className={styles.scroller} tabIndex={0} aria-label={t('k8s.pods')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('k8s.pod')}</th>
            <th scope="col">{t('k8s.state')}</th>
            <th scope="col">{t('k8s.node')}</th>
            <th scope="col" data-right>
              {t('k8s.readyColumn')}
            </th>
            <th scope="col" data-right>
              {t('k8s.restarts')}
            </th>
            <th scope="col" data-right>
              {t('k8s.age')}
            </th>
          </tr>
        </thead>
        <tbody>
          {pods.map((pod) => (
            <tr key={pod.uid}>
              <th scope="row">
                <ObjectLink cluster={cluster} target={{ ...pod, kind: 'Pod' }} />
              </th>
              <td>
                <StateCell state={pod.state} />
              </td>
              <td>
                {pod.node === '' ? (
                  '–'
                ) : (
                  <ObjectLink cluster={cluster} target={{ kind: 'Node', namespace: '', name: pod.node }} />
                )}
              </td>
              <td data-right>
                {pod.ready}/{pod.containers.filter(({ type }) => type !== 'init').length}
              </td>
              <td data-right data-zero={pod.restarts === 0 || undefined}>
                {pod.restarts}
              </td>
              <td data-right>
                <AgeCell atMs={pod.createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {total > pods.length && <p>{t('k8s.worstOf', { shown: pods.length, total })}</p>}
    </section>
  );
}

const CONTAINER_STATE: Record<Pod['containers'][number]['state'], MessageKey> = {
  running: 'k8s.container.running',
  waiting: 'k8s.container.waiting',
  terminated: 'k8s.container.terminated',
  unknown: 'k8s.container.unknown',
};

export function ContainerTable({ pod }: { pod: Pod }) {
  const t = useTranslate();
  const severityOf = (each: Pod['containers'][number]): Severity => {
    if (each.state === 'running') return each.ready || each.type === 'init' ? 'good' : 'warning';
    if (each.state === 'terminated') return each.reason === 'Completed' ? 'good' : 'critical';
    return each.state === 'waiting' &&
      each.reason !== 'ContainerCreating' &&
      each.reason !== 'PodInitializing'
      ? 'critical'
      : 'unknown';
  };
  return (
    <section className={styles.scroller} tabIndex={0} aria-label={t('area.containers')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('k8s.container')}</th>
            <th scope="col">{t('k8s.state')}</th>
            <th scope="col">{t('containers.image')}</th>
            <th scope="col" data-right>
              {t('k8s.restarts')}
            </th>
            <th scope="col" data-right>
              {t('k8s.cpuBounds')}
            </th>
            <th scope="col" data-right>
              {t('k8s.memoryBounds')}
            </th>
          </tr>
        </thead>
        <tbody>
          {pod.containers.map((each) => {
            const word = [t(CONTAINER_STATE[each.state]), each.reason].filter(Boolean).join(t('k8s.colon'));
            return (
              <tr key={each.name}>
                <th scope="row">
                  {each.name} {each.type !== 'container' && <small>{t(`k8s.type.${each.type}`)}</small>}
                </th>
                <td title={each.message}>
                  <SeverityMark severity={severityOf(each)} bare /> {word}
                  {each.last !== null && (
                    <small> {t('k8s.lastEnd', { reason: each.last.reason, code: each.last.exitCode })}</small>
                  )}
                </td>
                <td title={each.image}>{shortImage(each.image)}</td>
                <td data-right data-zero={each.restarts === 0 || undefined}>
                  {each.restarts}
                </td>
                <td data-right>
                  {formatValue(each.requests.cpu, 'number')} / {formatValue(each.limits.cpu, 'number')}
                </td>
                <td data-right>
                  {formatValue(each.requests.memory, 'bytes')} / {formatValue(each.limits.memory, 'bytes')}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

export function ConditionTable({ conditions }: { conditions: readonly Condition[] }) {
  const t = useTranslate();
  return (
    <section className={styles.scroller} tabIndex={0} aria-label={t('k8s.conditions')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('k8s.condition')}</th>
            <th scope="col">{t('k8s.conditionStatus')}</th>
            <th scope="col">{t('k8s.reason')}</th>
            <th scope="col" className={styles.wide}>
              {t('k8s.message')}
            </th>
            <th scope="col" data-right>
              {t('k8s.sinceColumn')}
            </th>
          </tr>
        </thead>
        <tbody>
          {conditions.map((each) => (
            <tr key={each.type}>
              <th scope="row">{each.type}</th>
              <td>{each.status}</td>
              <td>{each.reason}</td>
              <td title={each.message}>{each.message}</td>
              <td data-right>
                <AgeCell atMs={each.since} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The name of a relation in the page's language, or as the server says it. */
function relationKey(relation: string): MessageKey | null {
  const key = `k8s.relation.${relation}`;
  return key in en ? (key as MessageKey) : null;
}

interface RelationsProps {
  cluster: string;
  relations: ObjectDetail['relations'];
  /** Relations that have a table of their own. */
  without: readonly string[];
}

/** Who it depends on and who depends on it, each with how it is. */
export function Relations({ cluster, relations, without }: RelationsProps) {
  const t = useTranslate();
  const [language] = useLanguage();
  const shown = relations.filter(
    ({ relation, objects }) => objects.length > 0 && !without.includes(relation),
  );
  if (shown.length === 0) return null;
  return (
    <dl className={styles.relations}>
      {shown.map(({ relation, total, objects }) => {
        const key = relationKey(relation);
        return (
          <div key={relation}>
            <dt>
              {key === null ? relation.replaceAll('_', ' ') : t(key)} <small>{total}</small>
            </dt>
            <dd>
              <ul>
                {objects.slice(0, 12).map(({ ref, state }) => (
                  <li key={refKey(ref as ObjectRef)}>
                    <SeverityMark severity={SEVERITY[state.severity]} bare />
                    <ObjectLink cluster={cluster} target={ref}>
                      {key === null || relation === 'owned' || relation === 'custom_resources'
                        ? `${ref.kind} `
                        : ''}
                      {refName({ namespace: '', name: ref.name })}
                    </ObjectLink>
                    {state.severity !== 'ok' && <small>{stateText(state, language)}</small>}
                  </li>
                ))}
                {total > 12 && <li className={styles.rest}>{t('k8s.moreObjects', { count: total - 12 })}</li>}
              </ul>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
