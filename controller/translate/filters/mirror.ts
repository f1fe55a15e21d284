import type { HTTPRouteFilter } from '#crds/gateway-api.ts';
import type { Mirror } from '#snapshot/route.ts';
import type { BackendReference } from '../backends.ts';

type RequestMirror = Extract<HTTPRouteFilter, { type: 'RequestMirror' }>['requestMirror'];

/** A RequestMirror filter: who gets copies, and of which share of requests. */
export interface MirrorFilter extends Omit<Mirror, 'cluster'> {
  /** Of the reference. */
  readonly field: string;
  readonly reference: BackendReference;
}

/** Who gets copies by `filters`. */
export function mirrorsIn(filters: readonly HTTPRouteFilter[]): readonly BackendReference[] {
  return filters.flatMap((one) => (one.type === 'RequestMirror' ? [one.requestMirror.backendRef] : []));
}

/** The filter at `field`; with neither percent nor fraction, all requests are copied. */
export function mirrorFilter({ backendRef, percent, fraction }: RequestMirror, field: string): MirrorFilter {
  const share =
    percent === undefined
      ? (fraction ?? { numerator: 1, denominator: 1 })
      : { numerator: percent, denominator: 100 };
  return { field: `${field}.requestMirror.backendRef`, reference: backendRef, ...share };
}
