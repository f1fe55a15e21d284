// turnpike key create: makes a key, tells it once, and writes what of it is to be applied.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { keyLine, readKeyLine, type KeyLine } from '#crds/key-line.ts';
import { decodeManifest } from '#crds/kind.ts';
import { isSeq, parseAllDocuments, parseDocument, stringify, type Document } from 'yaml';
import { textOf } from './key-files.ts';

/** Of whom a new key is to be. */
export interface Owner extends Omit<KeyLine, 'sha256' | 'prefix'> {
  readonly namespace: string;
}

/** The line for a Secret that holds many. Throws a TypeError where a name is none. */
export function lineOf(owner: Owner, key: { readonly sha256: string; readonly prefix: string }): string {
  const line = keyLine({ ...owner, ...key });
  const read = readKeyLine(line);
  if (!read.ok) throw new TypeError(read.detail);
  return line;
}

/** Where a field of the Consumer comes from. */
const optionFor: Readonly<Record<string, string>> = {
  'metadata.name': '--consumer',
  'metadata.namespace': '--namespace',
  'spec.plan': '--plan',
};

/** The Consumer with one credential, as YAML. Throws a TypeError where an API server would refuse it. */
export function consumerOf(owner: Owner, key: { readonly sha256: string; readonly prefix: string }): string {
  const { consumer, namespace, groups, plan } = owner;
  const manifest = {
    apiVersion: 'turnpike.dev/v1alpha1',
    kind: 'Consumer',
    metadata: { name: consumer, namespace },
    spec: {
      ...(groups.length === 0 ? {} : { groups }),
      ...(plan === '' ? {} : { plan }),
      credentials: [credentialOf(owner, key)],
    },
  };
  const decoded = decodeManifest('Consumer', manifest);
  if (!decoded.ok) {
    throw new TypeError(
      decoded.problems.map(({ path, message }) => `${optionFor[path] ?? path} ${message}`).join('; '),
    );
  }
  return yamlOf(manifest);
}

/** Adds the key to the Consumer of its name in `file`, or the Consumer to the file; tells which. */
export async function addTo(
  file: string,
  owner: Owner,
  key: { readonly sha256: string; readonly prefix: string },
): Promise<'Added' | 'Made'> {
  const manifest = consumerOf(owner, key);
  const before = existsSync(file) ? await readFile(file, 'utf8') : '';
  const parsed = parseAllDocuments(before);
  const documents: readonly Document[] = Array.isArray(parsed) ? parsed : [];
  if (documents.some((one) => one.errors.length > 0)) throw new TypeError(`${file} is no YAML`);
  const there = documents.find((one) => isConsumer(one, owner));
  if (there === undefined) {
    await writeFile(file, before.trim() === '' ? manifest : `${before.trimEnd()}\n---\n${manifest}`);
    return 'Made';
  }
  const added = parseDocument(yamlOf([credentialOf(owner, key)])).contents;
  const credentials: unknown = there.getIn(['spec', 'credentials']);
  if (isSeq(credentials) && isSeq(added)) credentials.items.push(...added.items);
  else there.setIn(['spec', 'credentials'], added);
  await writeFile(file, textOf(documents));
  return 'Added';
}

/** As kubectl reads it, which takes times for more than text unless they are quoted. */
export function yamlOf(value: unknown): string {
  return stringify(value, { lineWidth: 0, version: '1.1' });
}

function isConsumer(document: Document, { consumer, namespace }: Owner): boolean {
  return (
    document.getIn(['kind']) === 'Consumer' &&
    document.getIn(['metadata', 'name']) === consumer &&
    (document.getIn(['metadata', 'namespace']) ?? 'default') === namespace
  );
}

/** Its name tells it from the others of the consumer, which it is to live beside for a while. */
function credentialOf(
  { expires }: Owner,
  { sha256, prefix }: { readonly sha256: string; readonly prefix: string },
) {
  return {
    name: `key-${sha256.slice(0, 8)}`,
    type: 'APIKey',
    apiKey: { prefix, sha256, ...(expires === '' ? {} : { expires }) },
  };
}
