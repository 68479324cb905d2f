// The areas of the page: one row here puts an area into the rail, the palette and the shortcuts.
import {
  Activity,
  Boxes,
  ChartNoAxesColumn,
  Cpu,
  Gauge,
  Layers,
  LayoutList,
  type LucideIcon,
  Network,
  Radar,
  Scroll,
  Server,
  SquareTerminal,
} from 'lucide-react';
import { useMemo } from 'react';
import type { MessageKey } from '../i18n/translate';
import { useCluster } from './cluster';

type Path =
  | '/'
  | '/processes'
  | '/containers'
  | '/explore'
  | '/cardinality'
  | '/targets'
  | '/system'
  | '/clusters'
  | '/clusters/$cluster/nodes'
  | '/clusters/$cluster/workloads'
  | '/clusters/$cluster/control-plane'
  | '/clusters/$cluster/events';

interface AreaRow {
  to: Path;
  name: MessageKey;
  /** Pressed after `g`. */
  letter: string;
  icon: LucideIcon;
}

/** An area that can be gone to. */
export interface Area extends AreaRow {
  /** The address without parameters. */
  path: string;
  params: { cluster: string } | Record<string, never>;
}

const AREAS: readonly AreaRow[] = [
  { to: '/', name: 'area.overview', letter: 'o', icon: Activity },
  { to: '/clusters', name: 'area.clusters', letter: 'k', icon: Network },
  { to: '/clusters/$cluster/nodes', name: 'area.nodes', letter: 'n', icon: Server },
  { to: '/clusters/$cluster/workloads', name: 'area.workloads', letter: 'w', icon: Layers },
  { to: '/clusters/$cluster/control-plane', name: 'area.controlPlane', letter: 'l', icon: Gauge },
  { to: '/clusters/$cluster/events', name: 'area.events', letter: 'v', icon: Scroll },
  { to: '/processes', name: 'area.processes', letter: 'p', icon: LayoutList },
  { to: '/containers', name: 'area.containers', letter: 'c', icon: Boxes },
  { to: '/explore', name: 'area.explore', letter: 'e', icon: SquareTerminal },
  { to: '/cardinality', name: 'area.cardinality', letter: 'm', icon: ChartNoAxesColumn },
  { to: '/targets', name: 'area.targets', letter: 't', icon: Radar },
  { to: '/system', name: 'area.system', letter: 's', icon: Cpu },
];

/** The areas there are: those of clusters only where one is known, and then of the one that is looked at. */
export function areasOf(cluster: string | undefined): Area[] {
  return AREAS.filter(({ to }) => cluster !== undefined || !to.startsWith('/clusters')).map((area): Area => {
    if (cluster === undefined || !area.to.includes('$cluster')) return { ...area, path: area.to, params: {} };
    return { ...area, path: area.to.replace('$cluster', encodeURIComponent(cluster)), params: { cluster } };
  });
}

export function useAreas(): Area[] {
  const { name } = useCluster();
  return useMemo(() => areasOf(name), [name]);
}

/** The area that an address belongs to: the one that says most of it. */
export function areaAt(areas: readonly Area[], path: string): Area | undefined {
  // The pages of objects are reached from the workloads.
  if (path.startsWith('/clusters/') && path.includes('/objects/')) {
    return areas.find(({ name }) => name === 'area.workloads');
  }
  return areas
    .filter(({ path: each }) => (each === '/' ? path === '/' : path === each || path.startsWith(`${each}/`)))
    .sort((a, b) => b.path.length - a.path.length)[0];
}
