// The views of clusters: one part of the program, fetched when the first of them is opened.
export { ClustersView } from './clusters/ClustersView';
export { ControlPlaneView } from './control-plane/ControlPlaneView';
export { EventsView } from './events/EventsView';
export { NodesView } from './nodes/NodesView';
export { KubernetesObjectPage, NodePage } from './object/KubernetesObjectPage';
export { WorkloadsView } from './workloads/WorkloadsView';
