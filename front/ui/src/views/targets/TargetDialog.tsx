// One target: what it is, why it fails, and how relabelling made its labels.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { quoted } from '../../api/prometheus';
import { type RelabelRule, relabelSteps, type Target } from '../../api/targets';
import { useTranslate } from '../../i18n/translate';
import { Modal } from '../../parts/Modal';
import { Findings } from '../../parts/StateLine';
import styles from './TargetDialog.module.css';

export function TargetDialog({ target, onClose }: { target: Target; onClose: () => void }) {
  const t = useTranslate();
  const { job = '', instance = '' } = target.labels;
  const steps = useQuery({
    queryKey: ['relabel steps', target.pool, target.discovered],
    queryFn: ({ signal }) => relabelSteps(target, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const expr = `{job=${quoted(job)}, instance=${quoted(instance)}}`;
  return (
    <Modal open title={instance || target.url} onClose={onClose}>
      <div className={styles.body}>
        {target.error !== '' && <Findings findings={[{ severity: 'critical', text: target.error }]} />}
        <dl className={styles.facts}>
          <dt>{t('targets.url')}</dt>
          <dd>
            <code>{target.url}</code>
          </dd>
          <dt>{t('targets.rhythm')}</dt>
          <dd>{t('targets.rhythmValue', { interval: target.interval, timeout: target.timeout })}</dd>
        </dl>
        <LabelList title={t('targets.labels')} labels={target.labels} />
        <LabelList title={t('targets.discovered')} labels={target.discovered} />
        {steps.data !== undefined && steps.data.length > 0 && (
          <section>
            <h3>{t('targets.relabelling')}</h3>
            <ol className={styles.steps}>
              {steps.data.map((step, idx) => (
                <li key={`${idx} ${ruleText(step.rule)}`}>
                  <pre>{ruleText(step.rule)}</pre>
                  {!step.keep && <p>{t('targets.dropsHere')}</p>}
                </li>
              ))}
            </ol>
          </section>
        )}
        <nav className={styles.ways}>
          <Link to="/explore" search={{ expr: `up${expr}` }}>
            {t('targets.showUp')}
          </Link>
          <Link to="/explore" search={{ expr: `topk(20, count by (__name__) (${expr}))`, show: 'table' }}>
            {t('targets.showSeries')}
          </Link>
        </nav>
      </div>
    </Modal>
  );
}

/** A rule as the configuration writes it, without what is not set. */
function ruleText(rule: RelabelRule): string {
  return Object.entries(rule)
    .filter(([, value]) => value !== '' && value !== 0)
    .map(([key, value]) => `${key}: ${typeof value === 'object' ? `[${value.join(', ')}]` : value}`)
    .join('\n');
}

function LabelList({ title, labels }: { title: string; labels: Target['labels'] }) {
  const names = Object.keys(labels).sort();
  return (
    <section>
      <h3>{title}</h3>
      <ul className={styles.labels}>
        {names.map((name) => (
          <li key={name}>
            <code>{name}</code> <span>{labels[name]}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
