// What an API server does with an object before it keeps it: defaults of metadata, checks, generations. So that
// a folder's objects look like a cluster's, and a bad edit is refused while the version before it goes on.
import { createHash } from 'node:crypto';
import { apiVersionOf } from '#crds/kind.ts';
import { guardKinds } from '#crds/policy.ts';
import { problemOf } from './manifest.ts';
import type { FieldProblem } from '#crds/field-problem.ts';
import type { Kind, KindInfo } from '#crds/kind.ts';
import type { SourceObject } from '#controller/source.ts';
import type { FileProblem, Manifest } from './manifest.ts';

/** An object that is in force. */
export interface Admitted {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  /** Empty for a Namespace that no file has. */
  readonly file: string;
  /** As of {@link Manifest}. */
  readonly lineOf: (field: string) => number;
  readonly object: SourceObject;
  /** Hash of what its author wrote. */
  readonly hash: string;
  /** Its schema refuses it and there is no version before: handed on so that what a bad policy names is closed. */
  readonly refused: boolean;
}

/** Checks an object as its CRD's schema does; problems tell fields by path. Unknown fields have no effect. */
export type CheckObject = (
  kind: Kind,
  raw: unknown,
) =>
  | { readonly ok: true; readonly unknownFields: readonly FieldProblem[] }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

export interface AdmissionOptions {
  readonly kinds: Readonly<Record<Kind, KindInfo>>;
  readonly check: CheckObject;
  /** The next resource version. */
  readonly nextVersion: () => string;
}

/** All objects in force, by kind, namespace and name, and what is wrong with the others. */
export interface AdmissionResult {
  readonly admitted: ReadonlyMap<string, Admitted>;
  readonly problems: readonly FileProblem[];
}

/** All of a folder are as old as each other, so that names decide wherever age would. */
const creationTimestamp = '1970-01-01T00:00:00Z';
const defaultNamespace = 'default';

/** Admits `manifests` (in order: the first of two of a name wins), given what was in `before`. */
export function admit(
  manifests: readonly Manifest[],
  before: ReadonlyMap<string, Admitted>,
  options: AdmissionOptions,
): AdmissionResult {
  const admitted = new Map<string, Admitted>();
  const problems: FileProblem[] = [];
  for (const manifest of manifests) {
    const candidate = candidateOf(manifest, options);
    const key = keyOf(candidate);
    const other = admitted.get(key);
    if (other !== undefined) {
      problems.push(duplicate(manifest, candidate, other));
      continue;
    }
    const result = options.check(candidate.kind, stamped(candidate, 1, '1'));
    const last = before.get(key);
    problems.push(...fieldProblems(manifest, { candidate, last }, result));
    if (result.ok) {
      const isSame = last?.hash === candidate.hash && !last.refused;
      admitted.set(key, isSame ? movedTo(manifest, last) : versioned(candidate, last, options));
    } else if (last !== undefined && !last.refused) {
      admitted.set(key, movedTo(manifest, last));
    } else {
      const refused = { ...candidate, refused: true };
      const isSame = last?.hash === candidate.hash;
      admitted.set(key, isSame ? movedTo(manifest, last) : versioned(refused, last, options));
    }
  }
  for (const namespace of neededNamespaces(admitted)) {
    const candidate = namespaceObject(namespace);
    const key = keyOf(candidate);
    const last = before.get(key);
    admitted.set(key, last?.hash === candidate.hash ? last : versioned(candidate, last, options));
  }
  return { admitted, problems };
}

/** As `last` is, where it stands now. */
function movedTo({ file, lineOf }: Manifest, last: Admitted): Admitted {
  return Object.freeze({ ...last, file, lineOf });
}

function keyOf({ kind, namespace, name }: Pick<Admitted, 'kind' | 'namespace' | 'name'>): string {
  return `${kind}/${namespace}/${name}`;
}

function candidateOf({ kind, raw, file, lineOf }: Manifest, { kinds }: AdmissionOptions): Admitted {
  const info = kinds[kind];
  const { name, labels, annotations } = raw.metadata as SourceObject['metadata'] & {
    readonly labels?: unknown;
    readonly annotations?: unknown;
  };
  const namespace = info.namespaced ? (raw.metadata.namespace ?? defaultNamespace) : '';
  const {
    status: _status,
    metadata: _metadata,
    stringData,
    ...content
  } = raw as SourceObject & {
    readonly status?: unknown;
    readonly stringData?: unknown;
  };
  // A Service's status (its addresses) is the one that somebody might have to tell by hand.
  const kept = kind === 'Service' && _status !== undefined ? { ...content, status: _status } : content;
  const object: SourceObject = {
    ...(kind === 'Secret' ? withStringData(kept, stringData) : kept),
    apiVersion: apiVersionOf(info),
    metadata: {
      name,
      ...(info.namespaced ? { namespace } : {}),
      ...(kind === 'Namespace'
        ? { labels: { ...(labels as object | undefined), 'kubernetes.io/metadata.name': name } }
        : labels === undefined
          ? {}
          : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
  };
  return { kind, namespace, name, file, lineOf, object, hash: hashOf(object), refused: false };
}

function withStringData(
  content: Readonly<Record<string, unknown>>,
  stringData: unknown,
): Readonly<Record<string, unknown>> {
  if (typeof stringData !== 'object' || stringData === null) {
    return content;
  }
  const encoded = Object.entries(stringData).map(([name, text]) => [
    name,
    typeof text === 'string' ? Buffer.from(text).toString('base64') : text,
  ]);
  const data = typeof content['data'] === 'object' && content['data'] !== null ? content['data'] : {};
  return { ...content, data: { ...data, ...Object.fromEntries(encoded) } };
}

function fieldProblems(
  manifest: Manifest,
  { candidate, last }: { readonly candidate: Admitted; readonly last: Admitted | undefined },
  result: ReturnType<CheckObject>,
): readonly FileProblem[] {
  const remedy = result.ok ? 'until then it has no effect' : untilThen(candidate.kind, last);
  return (result.ok ? result.unknownFields : result.problems).map(({ path, message }) =>
    problemOf(manifest.file, {
      line: manifest.lineOf(path),
      object: titleOf(candidate),
      field: path,
      message,
      remedy,
    }),
  );
}

/** What holds until the remedy, which the problem of a field tells itself. */
function untilThen(kind: Kind, last: Admitted | undefined): string {
  if (last !== undefined && !last.refused) {
    return 'until then the last good version of this object stays in force';
  }
  const closes = guardKinds.some((one) => one === kind);
  return `until then ${closes ? 'what it is for is closed' : 'it is not in force'}`;
}

function duplicate(manifest: Manifest, candidate: Admitted, other: Admitted): FileProblem {
  return problemOf(manifest.file, {
    line: manifest.lineOf('metadata.name'),
    object: titleOf(candidate),
    field: 'metadata.name',
    message: `is already defined in ${other.file}, which counts`,
    remedy: 'remove one of the two, or give it another name',
  });
}

function versioned(candidate: Admitted, last: Admitted | undefined, options: AdmissionOptions): Admitted {
  const generation = (last?.object.metadata.generation ?? 0) + 1;
  return Object.freeze({ ...candidate, object: stamped(candidate, generation, options.nextVersion()) });
}

function stamped(
  { kind, object, namespace, name }: Admitted,
  generation: number,
  version: string,
): SourceObject {
  const uid = createHash('sha256').update(`${kind}/${namespace}/${name}`).digest('hex').slice(0, 32);
  return {
    ...object,
    metadata: { ...object.metadata, uid, generation, resourceVersion: version, creationTimestamp },
  };
}

function neededNamespaces(admitted: ReadonlyMap<string, Admitted>): readonly string[] {
  const all = new Set([...admitted.values()].map(({ namespace }) => namespace).filter((name) => name !== ''));
  return [...all].filter((name) => !admitted.has(`Namespace//${name}`)).sort();
}

function namespaceObject(name: string): Admitted {
  const object: SourceObject = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
  };
  const hash = hashOf(object);
  return { kind: 'Namespace', namespace: '', name, file: '', lineOf: () => 1, object, hash, refused: false };
}

function titleOf({ kind, namespace, name }: Admitted): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

function hashOf(object: unknown): string {
  return createHash('sha256').update(JSON.stringify(object)).digest('hex');
}
