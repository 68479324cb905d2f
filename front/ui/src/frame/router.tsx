// The routes, and how their state stands in the URL: plain parameters that a person can read and edit.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from '@tanstack/react-router';
import { parseTimeSearch, type TimeSearch } from '../time/range';
import { ContainerPage } from '../views/objects/ContainerPage';
import { ContainersView } from '../views/objects/ContainersView';
import { ProcessesView } from '../views/objects/ProcessesView';
import { ProcessPage } from '../views/objects/ProcessPage';
import { Overview } from '../views/overview/Overview';
import { SystemView } from '../views/system/SystemView';
import { TargetsView } from '../views/targets/TargetsView';
import { Broken } from './Broken';
import { Frame } from './Frame';
import { NotFound } from './NotFound';

/** What a list keeps in the URL. */
export interface ListSearch {
  q?: string | undefined;
  sort?: string | undefined;
  kind?: 'containers' | 'services' | undefined;
}

/** What Explore keeps in the URL. */
export interface ExploreSearch {
  expr?: string | undefined;
  stacked?: boolean | undefined;
  show?: 'graph' | 'table' | undefined;
  step?: string | undefined;
}

/** What the cardinality explorer keeps in the URL. */
export interface CardinalitySearch {
  metric?: string | undefined;
  label?: string | undefined;
  value?: string | undefined;
}

/** What the views of clusters keep in the URL. */
export interface KubernetesSearch {
  q?: string | undefined;
  sort?: string | undefined;
  namespace?: string | undefined;
  kind?: string | undefined;
  /** `warning`: this and worse. */
  severity?: string | undefined;
  type?: string | undefined;
  object?: string | undefined;
  owner?: string | undefined;
  node?: string | undefined;
  reason?: string | undefined;
  /** Events that are listed at most. */
  limit?: string | undefined;
  /** Names of folded parts that are open. */
  open?: string | undefined;
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

function parseListSearch(search: Record<string, unknown>): ListSearch {
  return {
    q: text(search.q),
    sort: text(search.sort),
    kind: search.kind === 'services' ? 'services' : undefined,
  };
}

function parseExploreSearch(search: Record<string, unknown>): ExploreSearch {
  return {
    expr: text(search.expr),
    stacked: search.stacked === '1' || search.stacked === true ? true : undefined,
    show: search.show === 'table' ? 'table' : undefined,
    step: text(search.step),
  };
}

function parseCardinalitySearch(search: Record<string, unknown>): CardinalitySearch {
  return { metric: text(search.metric), label: text(search.label), value: text(search.value) };
}

const KUBERNETES_FIELDS = [
  'q',
  'sort',
  'namespace',
  'kind',
  'severity',
  'type',
  'object',
  'owner',
  'node',
  'reason',
  'limit',
  'open',
] as const satisfies ReadonlyArray<keyof KubernetesSearch>;

function parseKubernetesSearch(search: Record<string, unknown>): KubernetesSearch {
  return Object.fromEntries(KUBERNETES_FIELDS.map((name) => [name, text(search[name])]));
}

const root = createRootRoute({
  validateSearch: (search: Record<string, unknown>): TimeSearch => parseTimeSearch(search),
  search: { middlewares: [retainSearchParams(['range', 'from', 'to', 'at', 'paused'])] },
  component: Frame,
  notFoundComponent: NotFound,
});

/** The views of clusters come as one part of the program, fetched when the first of them is opened. */
const kubernetes = () => import('../views/kubernetes/views');

const containers = createRoute({ getParentRoute: () => root, path: '/containers' });

const routes = [
  createRoute({ getParentRoute: () => root, path: '/', component: Overview }),
  createRoute({
    getParentRoute: () => root,
    path: '/processes',
    validateSearch: parseListSearch,
    component: ProcessesView,
  }),
  createRoute({ getParentRoute: () => root, path: '/processes/$pid', component: ProcessPage }),
  containers.addChildren([
    createRoute({
      getParentRoute: () => containers,
      path: '/',
      validateSearch: parseListSearch,
      component: ContainersView,
    }),
    // The id of a container is a path of its own, so it takes the rest of the address.
    createRoute({ getParentRoute: () => containers, path: '$', component: ContainerPage }),
  ]),
  createRoute({
    getParentRoute: () => root,
    path: '/explore',
    validateSearch: parseExploreSearch,
    component: lazyRouteComponent(() => import('../views/explore/Explore'), 'Explore'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/cardinality',
    validateSearch: parseCardinalitySearch,
    component: lazyRouteComponent(() => import('../views/cardinality/CardinalityView'), 'CardinalityView'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/targets',
    validateSearch: parseListSearch,
    component: TargetsView,
  }),
  createRoute({ getParentRoute: () => root, path: '/system', component: SystemView }),
  createRoute({
    getParentRoute: () => root,
    path: '/clusters',
    validateSearch: parseKubernetesSearch,
    component: lazyRouteComponent(kubernetes, 'ClustersView'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clusters/$cluster/nodes',
    validateSearch: parseKubernetesSearch,
    component: lazyRouteComponent(kubernetes, 'NodesView'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clusters/$cluster/nodes/$name',
    validateSearch: parseKubernetesSearch,
    component: lazyRouteComponent(kubernetes, 'NodePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clusters/$cluster/workloads',
    validateSearch: parseKubernetesSearch,
    component: lazyRouteComponent(kubernetes, 'WorkloadsView'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clusters/$cluster/control-plane',
    validateSearch: parseKubernetesSearch,
    component: lazyRouteComponent(kubernetes, 'ControlPlaneView'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clusters/$cluster/events',
    validateSearch: parseKubernetesSearch,
    component: lazyRouteComponent(kubernetes, 'EventsView'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/clusters/$cluster/objects/$kind/$namespace/$name',
    validateSearch: parseKubernetesSearch,
    component: lazyRouteComponent(kubernetes, 'KubernetesObjectPage'),
  }),
];

/** Reads `a=1&b=x` as text; each route decides what the text means. */
export function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

/** Writes what is set, and nothing for what is at its default. */
export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value === undefined || value === null || value === '' || value === false) continue;
    params.set(name, value === true ? '1' : String(value));
  }
  const query = params.toString();
  return query === '' ? '' : `?${query}`;
}

export const router = createRouter({
  routeTree: root.addChildren(routes),
  parseSearch,
  stringifySearch,
  scrollRestoration: true,
  scrollToTopSelectors: ['#main'],
  defaultPendingMs: 150,
  defaultErrorComponent: Broken,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
