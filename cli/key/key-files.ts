// Keys in the files of a folder: in Consumers, and in Secrets that hold many, one a line. What is written back is as it
// was but for the one key: comments and the rest of a file stay.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { manifestFiles } from '#controller/files/folder-tree.ts';
import { isKeyLine, readKeyLine } from '#crds/key-line.ts';
import { isMap, isSeq, parseAllDocuments, type Document } from 'yaml';

/** A key that stands in a file. */
export interface FoundKey {
  readonly file: string;
  /** `Consumer default/acme`. */
  readonly object: string;
  readonly consumer: string;
  readonly prefix: string;
  readonly plan: string;
  readonly groups: readonly string[];
  /** `''`: never. */
  readonly expires: string;
}

/** All keys below `folders`, in the order of their files. */
export async function keysIn(folders: readonly string[]): Promise<readonly FoundKey[]> {
  const found: FoundKey[] = [];
  for (const { file, documents } of await manifestDocuments(folders)) {
    for (const document of documents) {
      found.push(...keysOf(document).map((key) => ({ file, ...key })));
    }
  }
  return found;
}

/** Takes the keys of `prefix` out of the files below `folders`; tells those that were there. */
export async function removeKeys(folders: readonly string[], prefix: string): Promise<readonly FoundKey[]> {
  const removed: FoundKey[] = [];
  for (const { file, documents } of await manifestDocuments(folders)) {
    const here = documents.flatMap((document) => {
      const mine = keysOf(document).filter((key) => key.prefix === prefix);
      if (mine.length > 0) removeFrom(document, prefix);
      return mine;
    });
    if (here.length > 0) await writeFile(file, textOf(documents));
    removed.push(...here.map((key) => ({ file, ...key })));
  }
  return removed;
}

/** The text of a file of `documents`. */
export function textOf(documents: readonly Document[]): string {
  return documents
    .map((one, index) => (index > 0 && !startsItself(one) ? `---\n${String(one)}` : String(one)))
    .join('');
}

function startsItself(document: Document): boolean {
  return document.directives?.docStart === true;
}

/** A file of manifests. */
export interface ManifestFile {
  readonly file: string;
  readonly documents: readonly Document[];
}

/** The manifests below `folders` that are YAML, by their files. */
export async function manifestDocuments(folders: readonly string[]): Promise<readonly ManifestFile[]> {
  const files: ManifestFile[] = [];
  for (const folder of folders) {
    for (const relative of (await manifestFiles(folder)).keys()) {
      const file = path.join(folder, relative);
      const parsed = parseAllDocuments(await readFile(file, 'utf8'));
      const documents: readonly Document[] = Array.isArray(parsed) ? parsed : [];
      if (documents.every((one) => one.errors.length === 0)) files.push({ file, documents });
    }
  }
  return files;
}

type Key = Omit<FoundKey, 'file'>;

function keysOf(document: Document): readonly Key[] {
  const kind = document.getIn(['kind']);
  const text = (...steps: readonly (string | number)[]): string => {
    const value = document.getIn(steps);
    return typeof value === 'string' ? value : '';
  };
  const name = text('metadata', 'name');
  const object = `${String(kind)} ${text('metadata', 'namespace') || 'default'}/${name}`;
  if (kind === 'Consumer') {
    const groups: unknown = document.getIn(['spec', 'groups']);
    const shared = {
      object,
      consumer: name,
      plan: text('spec', 'plan'),
      groups: isSeq(groups) ? groups.items.map(String) : [],
    };
    return indexes(document).map((at) => ({
      ...shared,
      prefix: text('spec', 'credentials', at, 'apiKey', 'prefix'),
      expires: text('spec', 'credentials', at, 'apiKey', 'expires'),
    }));
  }
  if (kind !== 'Secret') return [];
  return secretEntries(document)
    .flatMap(({ lines }) => lines)
    .flatMap((line) => {
      const read = isKeyLine(line.trim()) ? readKeyLine(line.trim()) : null;
      return read?.ok === true ? [{ object, ...read.line }] : [];
    });
}

/** Of the credentials of a Consumer. */
function indexes(document: Document): readonly number[] {
  const credentials: unknown = document.getIn(['spec', 'credentials']);
  return isSeq(credentials) ? [...credentials.items.keys()] : [];
}

interface SecretEntry {
  readonly path: readonly [string, string];
  readonly lines: readonly string[];
}

function secretEntries(document: Document): readonly SecretEntry[] {
  return ['stringData', 'data'].flatMap((field) => {
    const entries: unknown = document.getIn([field]);
    if (!isMap(entries)) return [];
    return entries.items.map(({ key }) => {
      const name = String(key);
      const value = document.getIn([field, name]);
      const text = typeof value === 'string' ? value : '';
      const plain = field === 'data' ? Buffer.from(text, 'base64').toString('utf8') : text;
      return { path: [field, name] as const, lines: plain.split('\n') };
    });
  });
}

function removeFrom(document: Document, prefix: string): void {
  for (const at of indexes(document).toReversed()) {
    const steps = ['spec', 'credentials', at];
    if (document.getIn([...steps, 'apiKey', 'prefix']) === prefix) document.deleteIn(steps);
  }
  if (document.getIn(['kind']) !== 'Secret') return;
  for (const { path: place, lines } of secretEntries(document)) {
    const kept = lines.filter((line) => !isOf(line.trim(), prefix));
    if (kept.length === lines.length) continue;
    const text = kept.join('\n');
    document.setIn(place, place[0] === 'data' ? Buffer.from(text, 'utf8').toString('base64') : text);
  }
}

function isOf(line: string, prefix: string): boolean {
  const read = isKeyLine(line) ? readKeyLine(line) : null;
  return read?.ok === true && read.line.prefix === prefix;
}
