import { LineCounter, isMap, isNode, parseAllDocuments } from 'yaml';
import { isRecord } from '#crds/record.ts';
import { sourceObject } from '#controller/source.ts';
import { kindMeant } from './kind-lookup.ts';
import { otherKind } from './other-kinds.ts';
import type { Kind } from '#crds/kind.ts';
import type { SourceObject } from '#controller/source.ts';
import type { Document } from 'yaml';

/** What is wrong in a folder of manifests, in words for its author. */
export interface FileProblem {
  /** Relative to the folder. */
  readonly file: string;
  /** From 1; null when no place can be told. */
  readonly line: number | null;
  /** `<kind> <namespace>/<name>`; null when it cannot be told. */
  readonly object: string | null;
  /** Like `spec.rules[0].name`; null when the problem is not of one field. */
  readonly field: string | null;
  readonly message: string;
  /** What to do where `message` does not tell it, and what holds until then. */
  readonly remedy: string;
}

/** One object of a file; `lineOf` tells where a field (or its nearest existing parent) stands. */
export interface Manifest {
  readonly kind: Kind;
  readonly raw: SourceObject;
  readonly file: string;
  readonly lineOf: (field: string) => number;
}

/** Our word for the kind of a manifest, from its apiVersion and kind, or why it is none that we read. */
export type KindOf = (apiVersion: string, kind: string) => Kind | 'Unknown' | 'Foreign';

/** The objects of a file in their order, and what is wrong in it. */
export interface ParsedFile {
  /** Whether all of it could be read; else nobody knows which objects are meant. */
  readonly isRead: boolean;
  readonly manifests: readonly Manifest[];
  readonly problems: readonly FileProblem[];
  /** The kinds of the objects that are passed over, once for each object, in words for a person. */
  readonly others: readonly string[];
}

/** A file of more is refused: a manifest is at most 1.5 MiB in a cluster too. */
const fileCharactersMax = 8 * 1024 * 1024;

/** Deeper than any object that we read; what is deeper, or holds itself by an anchor, is refused. */
const nestingMax = 100;

/**
 * The objects in a file of YAML or JSON documents (JSON is YAML). Kinds of others are passed over, and told. A file with a
 * syntax error has no objects at all, since nobody knows which are meant.
 */
export function parseManifests(file: string, text: string, kindOf: KindOf): ParsedFile {
  if (text.length > fileCharactersMax) {
    const message = `the file is longer than ${fileCharactersMax} characters`;
    return unread([problemOf(file, { message, remedy: 'split it into several files' })]);
  }
  const counter = new LineCounter();
  const list = parseDocuments(text, counter);
  if (list === null) return unread([tooDeep(file, null)]);
  const broken = list.flatMap((document) => document.errors).slice(0, 1);
  if (broken.length > 0) {
    const problems = broken.map((error) =>
      problemOf(file, {
        line: counter.linePos(error.pos[0]).line,
        message: firstLine(error.message),
        remedy: 'correct the YAML',
      }),
    );
    return unread(problems);
  }
  return joined(list.map((document) => readDocument({ file, document, counter, kindOf })));
}

function parsedFile(parts: Partial<ParsedFile>): ParsedFile {
  return { isRead: true, manifests: [], problems: [], others: [], ...parts };
}

function unread(problems: readonly FileProblem[]): ParsedFile {
  return parsedFile({ isRead: false, problems });
}

function joined(parsed: readonly ParsedFile[]): ParsedFile {
  return {
    isRead: true,
    manifests: parsed.flatMap(({ manifests }) => manifests),
    problems: parsed.flatMap(({ problems }) => problems),
    others: parsed.flatMap(({ others }) => others),
  };
}

/** Null when they are nested so deeply that reading them overflows the stack. */
function parseDocuments(text: string, lineCounter: LineCounter): readonly Document[] | null {
  try {
    const documents = parseAllDocuments(text, { lineCounter, logLevel: 'silent' });
    return Array.isArray(documents) ? documents : [];
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function tooDeep(file: string, line: number | null): FileProblem {
  const message = `is nested more than ${nestingMax} levels deep, or holds itself`;
  return problemOf(file, { line, message, remedy: 'write it flatter, and without an anchor inside itself' });
}

/** Whether `value` is nested no deeper than `levels`: so that nobody after us has to fear cycles or for the stack. */
function isNestedAtMost(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((member) => isNestedAtMost(member, levels - 1));
}

interface DocumentInput {
  readonly file: string;
  readonly document: Document;
  readonly counter: LineCounter;
  readonly kindOf: KindOf;
}

function readDocument(input: DocumentInput): ParsedFile {
  const { file, document, counter } = input;
  const line = lineOfPath(document, counter, []);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const message = error instanceof Error ? firstLine(error.message) : 'cannot be read';
    return parsedFile({ problems: [problemOf(file, { line, message, remedy: 'write the anchors out' })] });
  }
  if (value === null || value === undefined) {
    return parsedFile({});
  }
  if (!isNestedAtMost(value, nestingMax)) return parsedFile({ problems: [tooDeep(file, line)] });
  if (isRecord(value) && value['kind'] === 'List' && Array.isArray(value['items'])) {
    return joined(value['items'].map((item: unknown, at) => readObject(input, item, ['items', at])));
  }
  return readObject(input, value, []);
}

function readObject(input: DocumentInput, value: unknown, path: readonly (string | number)[]): ParsedFile {
  const { file, document, counter, kindOf } = input;
  const lineOf = (field: string) => lineOfPath(document, counter, [...path, ...fieldPath(field)]);
  const refuse = (field: string, message: string, remedy: string): ParsedFile =>
    parsedFile({
      problems: [problemOf(file, { line: lineOf(field), object: nameOf(value), field, message, remedy })],
    });
  if (!isRecord(value) || typeof value['apiVersion'] !== 'string' || typeof value['kind'] !== 'string') {
    return refuse('kind', 'is not a Kubernetes object', 'give it apiVersion, kind and metadata.name');
  }
  const kind = kindOf(value['apiVersion'], value['kind']);
  if (kind === 'Foreign') {
    return parsedFile({ others: [otherKind(value['apiVersion'], value['kind'])] });
  }
  if (kind === 'Unknown') {
    const what = `${value['apiVersion']} ${value['kind']} is not a kind that Turnpike knows`;
    return refuse('kind', what, kindMeant(value['apiVersion'], value['kind']));
  }
  if (value['spec'] === undefined && isRecord(value['metadata']) && value['metadata']['spec'] !== undefined) {
    return refuse('metadata.spec', 'stands under metadata', 'indent it as far as metadata');
  }
  const raw = sourceObject(value);
  if (raw === null) {
    return refuse('metadata.name', 'has no name', 'give it metadata.name');
  }
  return parsedFile({ manifests: [{ kind, raw, file, lineOf }] });
}

/** A problem of `file`; what is left out is not known. */
export function problemOf(
  file: string,
  problem: Partial<FileProblem> & Pick<FileProblem, 'message' | 'remedy'>,
): FileProblem {
  return Object.freeze({ line: null, object: null, field: null, ...problem, file });
}

/** `spec.rules[0].name` as keys: `spec`, `rules`, 0, `name`. */
function fieldPath(field: string): readonly (string | number)[] {
  const steps = field.matchAll(/\[(?:(\d+)|'([^']*)'|"([^"]*)")\]|([^.[\]]+)/g);
  return [...steps].map((step) =>
    step[1] === undefined ? (step[2] ?? step[3] ?? step[4] ?? '') : Number(step[1]),
  );
}

/** The line of the deepest part of `path` that exists. */
function lineOfPath(document: Document, counter: LineCounter, path: readonly (string | number)[]): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const start = startOf(document, path.slice(0, depth));
    if (start !== null) {
      return counter.linePos(start).line;
    }
  }
  const start = isNode(document.contents) ? (document.contents.range?.[0] ?? 0) : 0;
  return counter.linePos(start).line;
}

function startOf(document: Document, path: readonly (string | number)[]): number | null {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const key = path.at(-1);
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isNode(item.key) && String(item.key) === String(key));
    return pair !== undefined && isNode(pair.key) ? (pair.key.range?.[0] ?? null) : null;
  }
  const node = document.getIn(path, true);
  return isNode(node) ? (node.range?.[0] ?? null) : null;
}

function nameOf(value: unknown): string | null {
  if (!isRecord(value) || typeof value['kind'] !== 'string') {
    return null;
  }
  const metadata = value['metadata'];
  const name = isRecord(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : null;
  return name === null ? value['kind'] : `${value['kind']} ${name}`;
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? text).replace(/ at line \d+, column \d+:?$/, '');
}
