// Objects of the kinds that others define, and whether an API server takes them: the decoder is tested with them here,
// a real API server in e2e/crds.test.ts. This file: their shape.
import type { Kind } from '#crds/kind.ts';

/** A part of a manifest. */
export type Json = Readonly<Record<string, unknown>>;

export interface VerdictCase {
  readonly kind: Kind;
  readonly what: string;
  readonly object: Json;
  /** Null: the object is taken. Else the paths that the decoder tells, such as `spec.rules[0]`. */
  readonly refused: readonly string[] | null;
}

export const gatewayApi = 'gateway.networking.k8s.io/v1';

/** A manifest `case` of the kind, in namespace `default` if it has one. */
export function object(apiVersion: string, kind: Kind, rest: Json): Json {
  const namespaced = kind !== 'GatewayClass' && kind !== 'Namespace';
  return {
    apiVersion,
    kind,
    metadata: { name: 'case', ...(namespaced ? { namespace: 'default' } : {}) },
    ...rest,
  };
}

/** A case for each row: what it is, the value `make` makes the object of, and the paths refused if it is. */
export function cases(
  kind: Kind,
  make: (value: never) => Json,
  table: readonly (readonly [what: string, value: unknown, ...refused: string[]])[],
): readonly VerdictCase[] {
  return table.map(([what, value, ...refused]) => ({
    kind,
    what,
    object: make(value as never),
    refused: refused.length === 0 ? null : refused,
  }));
}
