// The areas of the page: one row here puts an area into the rail, the palette and the shortcuts.
import {
  Activity,
  Boxes,
  ChartNoAxesColumn,
  Cpu,
  LayoutList,
  type LucideIcon,
  Radar,
  SquareTerminal,
} from 'lucide-react';
import type { MessageKey } from '../i18n/translate';

export interface Area {
  to: '/' | '/processes' | '/containers' | '/explore' | '/cardinality' | '/targets' | '/system';
  name: MessageKey;
  /** Pressed after `g`. */
  letter: string;
  icon: LucideIcon;
}

export const AREAS: readonly Area[] = [
  { to: '/', name: 'area.overview', letter: 'o', icon: Activity },
  { to: '/processes', name: 'area.processes', letter: 'p', icon: LayoutList },
  { to: '/containers', name: 'area.containers', letter: 'c', icon: Boxes },
  { to: '/explore', name: 'area.explore', letter: 'e', icon: SquareTerminal },
  { to: '/cardinality', name: 'area.cardinality', letter: 'm', icon: ChartNoAxesColumn },
  { to: '/targets', name: 'area.targets', letter: 't', icon: Radar },
  { to: '/system', name: 'area.system', letter: 's', icon: Cpu },
];
