// The frame of every page: rail, top bar, the stream of news, dialogs, keys.
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { PanelLeftClose, PanelLeftOpen } from 'lucide-react';
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { signInStore } from '../api/client';
import { useClusterRefresh } from '../api/clusterHooks';
import { useLiveRefresh, useSystem } from '../api/hooks';
import { serverNow } from '../api/system';
import { useLanguage, useTranslate } from '../i18n/translate';
import { Toast } from '../parts/Toast';
import { usePreference } from '../preferences/store';
import { useTheme } from '../preferences/theme';
import { visibleSpan } from '../time/range';
import { TimeFactsContext, useTime } from '../time/useTime';
import { type Area, areaAt, useAreas } from './areas';
import { TopBar } from './bar/TopBar';
import styles from './Frame.module.css';
import { useKeys } from './keys';
import { Palette } from './palette/Palette';
import { Shortcuts } from './Shortcuts';
import { SignIn } from './SignIn';

export function Frame() {
  useTheme();
  const [language] = useLanguage();
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  }, [language]);
  const signInRequired = useSyncExternalStore(signInStore.subscribe, signInStore.get);
  return signInRequired ? <SignIn /> : <SignedIn />;
}

function SignedIn() {
  const system = useSystem();
  const intervalMs = system.data?.intervalMs ?? 5000;
  const oldestMs = system.data?.store.oldest ?? null;
  // Changes a few times in the first hours of a store, and makes the live window grow then.
  const stride = visibleSpan(Number.MAX_SAFE_INTEGER, oldestMs, serverNow());
  const facts = useMemo(() => ({ intervalMs, oldestMs }), [intervalMs, oldestMs, stride]);
  return (
    <TimeFactsContext.Provider value={facts}>
      <Chrome />
    </TimeFactsContext.Provider>
  );
}

function Chrome() {
  const t = useTranslate();
  const { search } = useTime();
  const navigate = useNavigate();
  const [palette, setPalette] = useState(false);
  const [shortcuts, setShortcuts] = useState(false);
  useLiveRefresh(search.paused === true);
  useClusterRefresh(search.paused === true);
  const areas = useAreas();
  const area = useAreaTitle(areas);
  const system = useSystem();
  const host = system.data?.host;
  useEffect(() => {
    document.title = host === undefined ? `${area} · Periplus` : `${area} · ${host} · Periplus`;
  }, [area, host]);
  useKeys({
    openPalette: () => setPalette(true),
    openShortcuts: () => setShortcuts(true),
    areas,
    goTo: ({ to, params }) => void navigate({ to, params: params as never }),
  });
  const [rail, setRail] = usePreference<'open' | 'folded'>('rail', 'open');
  return (
    <div className={styles.frame} data-rail={rail}>
      <a className={styles.skip} href="#main">
        {t('frame.skip')}
      </a>
      <nav className={styles.rail} aria-label={t('frame.areas')}>
        <Link to="/" className={styles.brand} aria-label="Periplus">
          <Mark />
          <span>Periplus</span>
        </Link>
        {areas.map(({ to, path, params, name, letter, icon: Icon }) => (
          <Link
            key={to}
            to={to}
            params={params as never}
            className={styles.area}
            activeOptions={{ exact: path === '/' || path === '/clusters', includeSearch: false }}
            title={`${t(name)} (g ${letter})`}
          >
            <Icon />
            <span>{t(name)}</span>
          </Link>
        ))}
        <button
          type="button"
          className={styles.fold}
          onClick={() => setRail(rail === 'open' ? 'folded' : 'open')}
          aria-label={t(rail === 'open' ? 'frame.fold' : 'frame.unfold')}
          title={t(rail === 'open' ? 'frame.fold' : 'frame.unfold')}
        >
          {rail === 'open' ? <PanelLeftClose /> : <PanelLeftOpen />}
        </button>
      </nav>
      <TopBar onSearch={() => setPalette(true)} onShortcuts={() => setShortcuts(true)} />
      <main id="main" className={styles.main} tabIndex={-1}>
        <Outlet />
      </main>
      <Palette open={palette} onClose={() => setPalette(false)} onShortcuts={() => setShortcuts(true)} />
      <Shortcuts open={shortcuts} onClose={() => setShortcuts(false)} />
      <Toast />
    </div>
  );
}

function useAreaTitle(areas: readonly Area[]): string {
  const t = useTranslate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const area = areaAt(areas, path);
  return area === undefined ? 'Periplus' : t(area.name);
}

/** The mark of the product: a course with one bold turn. */
export function Mark() {
  return (
    <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true" focusable="false">
      <path
        d="M1.5 10.5h3l2-6 3.2 9 2-6h4.8"
        fill="none"
        stroke="var(--accent)"
        strokeWidth="1.8"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
