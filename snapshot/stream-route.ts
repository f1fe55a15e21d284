import type { ResourceId } from './ids.ts';
import type { Attachment } from './route.ts';

/** A route of byte streams or datagrams: all that comes to its listeners goes to its backends. */
export interface StreamRoute {
  readonly kind: 'StreamRoute';
  readonly id: ResourceId;
  /** `<kind>/<namespace>/<name>`: a label in metrics and logs. */
  readonly name: string;
  /** Creation time in milliseconds since 1970; where two routes could serve, the older does. */
  readonly createdMs: number;
  readonly attachments: readonly Attachment[];
  /** Picked by weight; `cluster: null` is a reference that could not be resolved: its share is cut. */
  readonly backends: readonly { readonly cluster: ResourceId | null; readonly weight: number }[];
}
