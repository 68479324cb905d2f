// Scope, time, freshness, search and the choices of the reader.
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useRouterState } from '@tanstack/react-router';
import {
  ChevronDown,
  Contrast,
  Ellipsis,
  Languages,
  Pause,
  Pin,
  Play,
  RotateCw,
  Search,
  Server,
  X,
} from 'lucide-react';
import { signOut } from '../../api/client';
import { refreshLive, useLink, useSystem } from '../../api/hooks';
import { clockTime, dateTime, utcTime } from '../../format/clock';
import { useLanguage, useTranslate } from '../../i18n/translate';
import { Menu, type MenuEntry } from '../../parts/Menu';
import { type ThemeChoice, useTheme } from '../../preferences/theme';
import { useTime } from '../../time/useTime';
import { areaAt, areasOf } from '../areas';
import { useCluster } from '../cluster';
import { TimeControl } from './TimeControl';
import styles from './TopBar.module.css';

interface Props {
  onSearch: () => void;
  onShortcuts: () => void;
}

export function TopBar({ onSearch, onShortcuts }: Props) {
  const t = useTranslate();
  const client = useQueryClient();
  const navigate = useNavigate();
  const system = useSystem();
  const time = useTime();
  const { theme, choice, choose } = useTheme();
  const [language, setLanguage] = useLanguage();
  const choices: ThemeChoice[] = ['dark', 'light', 'system'];
  const themes: MenuEntry[] = choices.map((each) => ({
    text: t(`theme.${each}`),
    checked: choice === each,
    onSelect: () => choose(each),
  }));
  const languages: MenuEntry[] = (['en', 'zh'] as const).map((each) => ({
    text: t(`language.${each}`),
    checked: language === each,
    onSelect: () => setLanguage(each),
  }));
  const rest: MenuEntry[] = [
    { text: t('shortcuts.title'), onSelect: onShortcuts },
    { text: t('area.system'), onSelect: () => void navigate({ to: '/system' }) },
    'line',
    { text: t('signin.out'), onSelect: () => void signOut() },
  ];
  const degraded = system.data?.degraded.length ?? 0;
  const { at } = time.search;
  return (
    <header className={styles.bar}>
      <div className={styles.scope} title={t('frame.scope')}>
        <Server />
        <b>{system.data?.host ?? '–'}</b>
        <ClusterChoice />
        {degraded > 0 && (
          <button type="button" className={styles.degraded} onClick={() => void navigate({ to: '/system' })}>
            {t('frame.degraded', { count: degraded })}
          </button>
        )}
      </div>
      <div className={styles.time}>
        {at !== undefined && (
          <button
            type="button"
            className={styles.pin}
            onClick={() => time.pin(null)}
            title={`${dateTime(at)} · ${utcTime(at)}`}
            aria-label={t('time.unpin', { time: dateTime(at) })}
          >
            <Pin />
            {clockTime(at)}
            <X />
          </button>
        )}
        <TimeControl />
        <LiveButton />
        <button
          type="button"
          className={styles.icon}
          onClick={() => void refreshLive(client)}
          aria-label={t('action.refresh')}
          title={t('action.refresh')}
        >
          <RotateCw />
        </button>
      </div>
      <button type="button" className={styles.search} onClick={onSearch} title={t('palette.open')}>
        <Search />
        <span>{t('palette.short')}</span>
        <kbd>Ctrl K</kbd>
      </button>
      <div className={styles.choices}>
        <Menu
          label={t('theme.label')}
          trigger={<Contrast data-theme={theme} />}
          entries={themes}
          className={styles.icon}
        />
        <Menu
          label={t('language.label')}
          trigger={<Languages />}
          entries={languages}
          className={styles.icon}
        />
        <Menu label={t('frame.more')} trigger={<Ellipsis />} entries={rest} className={styles.icon} />
      </div>
      <div className={styles.folded}>
        <Menu
          label={t('frame.more')}
          trigger={<Ellipsis />}
          entries={[...themes, 'line', ...languages, 'line', ...rest]}
          className={styles.icon}
        />
      </div>
    </header>
  );
}

/** The cluster of the page, where it shows one, and the way to the same view of another. */
function ClusterChoice() {
  const t = useTranslate();
  const navigate = useNavigate();
  const { cluster } = useParams({ strict: false }) as { cluster?: string };
  const { answer } = useCluster();
  const path = useRouterState({ select: (state) => state.location.pathname });
  if (cluster === undefined) return null;
  const others = answer.data ?? [];
  const area = areaAt(areasOf(cluster), path);
  const name = (
    <>
      <span aria-hidden="true">›</span>
      <b>{cluster}</b>
    </>
  );
  if (others.length < 2) return name;
  return (
    <Menu
      label={t('frame.cluster', { cluster })}
      trigger={
        <>
          {name}
          <ChevronDown />
        </>
      }
      align="start"
      className={styles.cluster}
      entries={others.map((other) => ({
        text: other.name,
        checked: other.name === cluster,
        onSelect: () =>
          void navigate({
            to: area?.to ?? '/clusters/$cluster/workloads',
            params: { cluster: other.name } as never,
          }),
      }))}
    />
  );
}

/** Says whether the page follows the machine, and stops or resumes it. */
function LiveButton() {
  const t = useTranslate();
  const link = useLink();
  const { search, spec, change } = useTime();
  const fixed = !spec.live;
  const state = fixed ? 'fixed' : search.paused ? 'paused' : link;
  return (
    <button
      type="button"
      className={styles.live}
      data-state={state}
      data-testid="live"
      aria-pressed={state === 'streaming'}
      title={t(`live.${state}.long`)}
      onClick={() =>
        fixed
          ? change({ from: undefined, to: undefined, paused: undefined })
          : change({ paused: search.paused ? undefined : true })
      }
    >
      {fixed || search.paused ? <Play /> : <Pause />}
      <span>{t(`live.${state}`)}</span>
    </button>
  );
}
