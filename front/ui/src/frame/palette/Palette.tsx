// One field that finds anything: pages, objects of clusters, processes, containers, metrics, actions.
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import {
  Box,
  ChartLine,
  CornerDownLeft,
  ListTree,
  type LucideIcon,
  Network,
  Search,
  Zap,
} from 'lucide-react';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useObjectSearch } from '../../api/clusterHooks';
import { useMetricNames } from '../../api/hooks';
import { queryInstant } from '../../api/prometheus';
import { useLanguage, useTranslate } from '../../i18n/translate';
import { Modal } from '../../parts/Modal';
import { useTheme } from '../../preferences/theme';
import { PRESETS } from '../../time/range';
import { useTime } from '../../time/useTime';
import { objectAddress } from '../../views/kubernetes/address';
import { refKey, refName, stateText } from '../../views/kubernetes/words';
import { CONTAINER_LIST, containerName, PROCESS_LIST } from '../../views/objects/queries';
import { useAreas } from '../areas';
import { useCluster } from '../cluster';
import styles from './Palette.module.css';
import { type Candidate, rank } from './search';

const SHOWN = 12;
const SHOWN_EACH = 5;

interface Item extends Candidate {
  group: 'pages' | 'objects' | 'processes' | 'containers' | 'metrics' | 'actions';
  icon: LucideIcon;
  hint?: string;
  run: () => void;
}

interface Props {
  open: boolean;
  onClose: () => void;
  onShortcuts: () => void;
}

export function Palette({ open, onClose, onShortcuts }: Props) {
  const t = useTranslate();
  return (
    <Modal open={open} onClose={onClose} title={t('palette.open')} bare>
      <PaletteBody onClose={onClose} onShortcuts={onShortcuts} />
    </Modal>
  );
}

function usePaletteItems(onShortcuts: () => void): Item[] {
  const t = useTranslate();
  const navigate = useNavigate();
  const time = useTime();
  const { choose } = useTheme();
  const [, setLanguage] = useLanguage();
  const areas = useAreas();
  const metrics = useMetricNames().data;
  const processes = useQuery({
    queryKey: ['palette', PROCESS_LIST],
    queryFn: ({ signal }) => queryInstant(`sort_desc(${PROCESS_LIST})`, null, signal),
    staleTime: 10_000,
  }).data;
  const containers = useQuery({
    queryKey: ['palette', CONTAINER_LIST],
    queryFn: ({ signal }) => queryInstant(`sort_desc(${CONTAINER_LIST})`, null, signal),
    staleTime: 10_000,
  }).data;
  return useMemo(() => {
    const action = (id: string, text: string, run: () => void, more = ''): Item => ({
      id,
      text,
      more,
      group: 'actions',
      icon: Zap,
      run,
    });
    const explore = (expr: string): void =>
      void navigate({ to: '/explore', search: (old: object) => ({ ...old, expr }) as never });
    return [
      ...areas.map(({ to, params, name, letter, icon }): Item => ({
        id: to,
        text: t(name),
        more: to,
        group: 'pages',
        icon,
        hint: `g ${letter}`,
        run: () => void navigate({ to, params: params as never }),
      })),
      action('theme dark', t('palette.dark'), () => choose('dark'), 'theme dark'),
      action('theme light', t('palette.light'), () => choose('light'), 'theme light'),
      action('theme system', t('palette.systemTheme'), () => choose('system'), 'theme system'),
      action('language en', t('palette.english'), () => setLanguage('en'), 'language english'),
      action('language zh', t('palette.chinese'), () => setLanguage('zh'), 'language chinese zhongwen'),
      action(
        'pause',
        t(time.search.paused ? 'palette.resume' : 'palette.pause'),
        () => time.change({ paused: time.search.paused ? undefined : true }),
        'live pause resume',
      ),
      action('shortcuts', t('shortcuts.title'), onShortcuts, 'keys shortcuts help'),
      ...PRESETS.map((range) =>
        action(
          `range ${range}`,
          t('palette.range', { range }),
          () => time.change({ range, from: undefined, to: undefined }),
          `range ${range}`,
        ),
      ),
      ...(processes ?? []).map(({ labels }): Item => {
        const { pid = '', comm = '', unit = '' } = labels;
        return {
          id: `process ${pid}`,
          text: comm,
          more: `${pid} ${unit}`,
          group: 'processes',
          icon: ListTree,
          hint: pid,
          run: () => void navigate({ to: '/processes/$pid', params: { pid } }),
        };
      }),
      ...(containers ?? []).map(({ labels }): Item => {
        const { id = '', image = '' } = labels;
        return {
          id: `container ${id}`,
          text: containerName(labels),
          more: `${id} ${image}`,
          group: 'containers',
          icon: Box,
          hint: image,
          run: () => void navigate({ to: '/containers/$', params: { _splat: id.replace(/^\//, '') } }),
        };
      }),
      ...[...(metrics ?? [])].map((name): Item => ({
        id: `metric ${name}`,
        text: name,
        group: 'metrics',
        icon: ChartLine,
        run: () => explore(/_(total|sum|count|bucket)$/.test(name) ? `rate(${name}[1m])` : name),
      })),
    ];
  }, [t, navigate, areas, time, choose, setLanguage, metrics, processes, containers, onShortcuts]);
}

/** Objects of the cluster, found by the server: there may be far more than a page should hold. */
function useObjectItems(typed: string): Item[] {
  const navigate = useNavigate();
  const [language] = useLanguage();
  const { name: cluster } = useCluster();
  const found = useObjectSearch(cluster, typed.trim()).data;
  return useMemo(
    () =>
      cluster === undefined || typed.trim().length < 2
        ? []
        : (found ?? []).slice(0, SHOWN).map(({ ref, state }) => ({
            id: `object ${refKey(ref)}`,
            text: refName(ref),
            group: 'objects',
            icon: Network,
            hint: state.severity === 'ok' ? ref.kind : `${ref.kind} · ${stateText(state, language)}`,
            run: () => void navigate(objectAddress(cluster, ref)),
          })),
    [cluster, typed, found, language, navigate],
  );
}

const GROUPS: ReadonlyArray<Item['group']> = [
  'pages',
  'objects',
  'processes',
  'containers',
  'metrics',
  'actions',
];

function PaletteBody({ onClose, onShortcuts }: Omit<Props, 'open'>) {
  const t = useTranslate();
  const items = usePaletteItems(onShortcuts);
  const [typed, setTyped] = useState('');
  const objects = useObjectItems(typed);
  const [selected, setSelected] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const found = useMemo(() => {
    const perGroup = typed === '' ? SHOWN_EACH : SHOWN;
    return GROUPS.flatMap((group) =>
      group === 'objects'
        ? objects
        : rank(
            typed,
            items.filter((item) => item.group === group && (typed !== '' || group !== 'metrics')),
            perGroup,
          ),
    );
  }, [typed, items, objects]);
  useEffect(() => {
    list.current?.querySelector(`[data-idx="${selected}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [selected]);
  function run(item: Item | undefined): void {
    if (item === undefined) return;
    onClose();
    item.run();
  }
  function onKey(event: KeyboardEvent): void {
    const count = Math.max(1, found.length);
    if (event.key === 'ArrowDown') setSelected((selected + 1) % count);
    else if (event.key === 'ArrowUp') setSelected((selected + count - 1) % count);
    else if (event.key === 'Enter') run(found[selected]);
    else return;
    event.preventDefault();
  }
  return (
    <>
      <div className={styles.field}>
        <Search />
        <input
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={found.length > 0 ? `palette-${selected}` : undefined}
          aria-label={t('palette.open')}
          placeholder={t('palette.placeholder')}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setSelected(0);
          }}
          onKeyDown={onKey}
        />
        <kbd>Esc</kbd>
      </div>
      <div className={styles.list} ref={list} id="palette-list" role="listbox" aria-label={t('palette.open')}>
        {found.map((item, idx) => {
          const Icon = item.icon;
          return (
            <div key={item.id} role="presentation">
              {found[idx - 1]?.group !== item.group && (
                <div className={styles.group} role="presentation">
                  {t(`palette.${item.group}`)}
                </div>
              )}
              <div
                role="option"
                tabIndex={-1}
                id={`palette-${idx}`}
                data-idx={idx}
                aria-selected={idx === selected}
                className={styles.item}
                onMouseMove={() => setSelected(idx)}
                onClick={() => run(item)}
              >
                <Icon />
                <span>{item.text}</span>
                {item.hint !== undefined && <small>{item.hint}</small>}
                {idx === selected && <CornerDownLeft />}
              </div>
            </div>
          );
        })}
        {found.length === 0 && <p className={styles.none}>{t('palette.none', { typed })}</p>}
      </div>
    </>
  );
}
