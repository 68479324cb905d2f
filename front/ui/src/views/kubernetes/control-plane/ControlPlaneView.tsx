// The control plane: how its parts are, and the signals of each in the order that a request takes.
import { Link, useParams } from '@tanstack/react-router';
import { useMetricNames } from '../../../api/hooks';
import { ChartPanel } from '../../../chart/ChartPanel';
import { useCluster } from '../../../frame/cluster';
import { useLanguage, useTranslate } from '../../../i18n/translate';
import { StateLine } from '../../../parts/StateLine';
import { Freshness, Message, Skeleton } from '../../../parts/States';
import overview from '../../overview/Overview.module.css';
import { ControlPlaneParts } from '../clusters/ClustersView';
import { clusterMatcher } from '../usage';
import { CONTROL_PLANE, type ControlPlaneSection, withCluster } from './panels';
import { controlPlaneState } from './state';

export function ControlPlaneView() {
  const t = useTranslate();
  const [language] = useLanguage();
  const { cluster: name } = useParams({ strict: false }) as { cluster: string };
  const { answer, isOnly } = useCluster();
  const metrics = useMetricNames();
  const cluster = answer.data?.find((each) => each.name === name);
  if (answer.data === undefined) {
    return answer.error === null ? (
      <Skeleton lines={6} />
    ) : (
      <Message kind="error" text={answer.error.message} onRetry={answer.retry} />
    );
  }
  if (cluster === undefined) return <Message kind="empty" text={t('k8s.noCluster', { name })} />;
  const state = controlPlaneState(cluster.controlPlane, t, language);
  return (
    <div className={overview.page}>
      <h1 className="visually-hidden">{t('area.controlPlane')}</h1>
      <div className={overview.state}>
        <StateLine severity={state.severity} text={state.text} />
        <Freshness answers={[answer]} />
      </div>
      <ControlPlaneParts cluster={cluster} />
      {metrics.data === undefined ? (
        <Skeleton lines={6} />
      ) : (
        CONTROL_PLANE.map((section) => (
          <Section
            key={section.id}
            section={section}
            matcher={clusterMatcher(name, isOnly)}
            metrics={metrics.data ?? new Set()}
          />
        ))
      )}
    </div>
  );
}

interface SectionProps {
  section: ControlPlaneSection;
  matcher: string;
  metrics: ReadonlySet<string>;
}

/** The panels of one part; where nothing at all is reported, one line says why instead of empty boxes. */
function Section({ section, matcher, metrics }: SectionProps) {
  const t = useTranslate();
  const known = section.panels.filter((panel) => metrics.has(panel.requires));
  const missing = section.panels.filter((panel) => !metrics.has(panel.requires));
  return (
    <section id={section.id} className={overview.section} aria-labelledby={`${section.id}-title`}>
      <header>
        <h2 id={`${section.id}-title`}>{t(section.title)}</h2>
        {known.length === 0 && (
          <p>
            <Link to="/targets">{t('area.targets')}</Link>
          </p>
        )}
        {known.length > 0 && missing.length > 0 && (
          <p>{t('cp.notReported', { names: missing.map(({ title }) => t(title)).join(t('state.comma')) })}</p>
        )}
      </header>
      {known.length === 0 ? (
        <Message
          kind="empty"
          text={t(section.empty)}
          detail={section.panels.map(({ requires }) => requires).join(', ')}
        />
      ) : (
        <div className={overview.charts} data-count={known.length}>
          {known.map((panel) => (
            <ChartPanel
              key={panel.title}
              title={t(panel.title)}
              unit={panel.unit}
              queries={panel
                .queries(t)
                .map((query) => ({ ...query, expr: withCluster(query.expr, matcher) }))}
              empty={t(panel.busy === true ? 'cp.tooSoon' : 'cp.quiet')}
              rows={panel.rows ?? 4}
              {...(panel.kind === undefined ? {} : { kind: panel.kind })}
              {...(panel.softMax === undefined ? {} : { softMax: panel.softMax })}
            />
          ))}
        </div>
      )}
    </section>
  );
}
