// Where the page of an object is.
import type { ObjectRef } from '../../api/kubernetes';
import { NO_NAMESPACE } from './words';

/** The address of an object's page, for links and for going there. */
export function objectAddress(cluster: string, { kind, namespace, name }: Omit<ObjectRef, 'apiVersion'>) {
  return kind === 'Node'
    ? ({ to: '/clusters/$cluster/nodes/$name', params: { cluster, name } } as const)
    : ({
        to: '/clusters/$cluster/objects/$kind/$namespace/$name',
        params: { cluster, kind, namespace: namespace === '' ? NO_NAMESPACE : namespace, name },
      } as const);
}
