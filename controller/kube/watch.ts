import { isRecord } from '#crds/record.ts';
import { sourceObject } from '#controller/source.ts';
import { streamError } from './kube-client.ts';
import { KubeError, errorOfStatus } from './kube-error.ts';
import { LineSplitter } from './line-splitter.ts';
import type { Clock } from '#controller/clock.ts';
import type { SourceObject } from '#controller/source.ts';
import type { KubeClient } from './kube-client.ts';

/** A change, or (Bookmark) how far all changes have been told. `initialEnd`: the streamed list is whole. */
export type WatchEvent =
  | { readonly kind: 'Upsert'; readonly object: SourceObject }
  | { readonly kind: 'Delete'; readonly object: SourceObject }
  | { readonly kind: 'Bookmark'; readonly resourceVersion: string; readonly initialEnd: boolean };

export interface WatchOptions {
  readonly client: Pick<KubeClient, 'stream'>;
  readonly clock: Clock;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly headDeadlineMs: number;
  /** A watch that says nothing for so long is given up: a server sends a bookmark every minute. */
  readonly idleMs: number;
  readonly lineBytesMax: number;
}

/**
 * The events of one watch until the server ends it.
 * @throws {KubeError} when it fails, falls silent, or the server sends an ERROR event.
 */
export async function* watch(options: WatchOptions): AsyncGenerator<WatchEvent> {
  const silence = new AbortController();
  const signal = AbortSignal.any([options.signal, silence.signal]);
  let heardAt = options.clock.elapsed();
  let callOff = () => {};
  const check = () => {
    if (options.clock.elapsed() - heardAt >= options.idleMs) {
      silence.abort(new KubeError('Silent', 'the watch has fallen silent'));
    } else {
      callOff = options.clock.after(options.idleMs / 4, check);
    }
  };
  const { client, path, query, headDeadlineMs } = options;
  try {
    const body = await client.stream({ method: 'GET', path, query, signal, deadlineMs: headDeadlineMs });
    const lines = new LineSplitter(options.lineBytesMax);
    check();
    for await (const chunk of body) {
      heardAt = options.clock.elapsed();
      for (const line of lines.push(chunk)) {
        const event = eventOf(line);
        if (event !== null) yield event;
      }
    }
  } catch (error) {
    throw streamError(error, signal);
  } finally {
    callOff();
    // Also when the reader left early: the connection must not stay.
    silence.abort(new KubeError('Aborted', 'the watch is over'));
  }
}

function eventOf(line: string): WatchEvent | null {
  const { type, object } = parse(line);
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      return withObject('Upsert', object);
    case 'DELETED':
      return withObject('Delete', object);
    case 'BOOKMARK':
      return bookmarkOf(object);
    case 'ERROR':
      throw errorOfStatus(
        isRecord(object) && typeof object['code'] === 'number' ? object['code'] : 500,
        object,
      );
    default:
      return null;
  }
}

function parse(line: string): { readonly type: unknown; readonly object: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new KubeError('Malformed', 'an event of the watch is not JSON', { cause });
  }
  return isRecord(value) ? { type: value['type'], object: value['object'] } : { type: null, object: null };
}

function withObject(kind: 'Upsert' | 'Delete', value: unknown): WatchEvent | null {
  const object = prunedObject(value);
  return object === null ? null : { kind, object };
}

function bookmarkOf(object: unknown): WatchEvent | null {
  const metadata = isRecord(object) && isRecord(object['metadata']) ? object['metadata'] : {};
  const annotations = isRecord(metadata['annotations']) ? metadata['annotations'] : {};
  const resourceVersion = metadata['resourceVersion'];
  const initialEnd = annotations['k8s.io/initial-events-end'] === 'true';
  return typeof resourceVersion === 'string' ? { kind: 'Bookmark', resourceVersion, initialEnd } : null;
}

/** The object without what nobody reads and may be half of its size; null when it is none. */
export function prunedObject(value: unknown): SourceObject | null {
  const object = sourceObject(value);
  if (object === null) {
    return null;
  }
  const {
    managedFields: _,
    annotations,
    ...metadata
  } = object.metadata as SourceObject['metadata'] & {
    readonly managedFields?: unknown;
    readonly annotations?: unknown;
  };
  if (!isRecord(annotations)) {
    return { ...object, metadata };
  }
  const { 'kubectl.kubernetes.io/last-applied-configuration': __, ...kept } = annotations;
  return { ...object, metadata: { ...metadata, annotations: kept } };
}
