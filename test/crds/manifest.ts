import type { OwnKind } from '#crds/definition.ts';

export type Json = Readonly<Record<string, unknown>>;

export function manifest(kind: OwnKind, spec: Json): Json {
  return {
    apiVersion: 'turnpike.dev/v1alpha1',
    kind,
    metadata: { name: 'case', namespace: 'default' },
    spec,
  };
}

/** The message for a one-of without the field of its type, or with another's. */
export function needs(type: string, field: string): string {
  return `type ${type} needs the field ${field} and no other type may have it: add ${field}, remove it, or change type`;
}
