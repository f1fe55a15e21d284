import type { RequestRecord } from '#dataplane/http/observer.ts';
import { jsonText } from './json-text.ts';

/** Longest value of each field in a line, in UTF-16 units; what is longer is cut. */
const valueMax = 2048;
/** Most routes whose text is remembered. */
const placesMax = 1000;

/**
 * One request as one line of JSON, with its line end. What is not known is left out; queries are never there,
 * since they carry secrets.
 *
 * Hot path: one template, no object that would have to be walked.
 */
export function accessLine(record: RequestRecord, time: string, places: Places): string {
  const { failure } = record;
  return (
    `{"time":"${time}","client":${jsonText(record.client.address, valueMax)}` +
    `,"method":${jsonText(record.method, valueMax)},"host":${jsonText(record.host, valueMax)}` +
    `,"path":${jsonText(record.path, valueMax)},"status":${record.status}` +
    (record.protocol === null ? '' : `,"protocol":"${record.protocol}"`) +
    (record.grpcStatus === null ? '' : `,"grpcStatus":${record.grpcStatus}`) +
    `,"durationMs":${rounded(record.durationMs)},"bytesIn":${record.bytesIn},"bytesOut":${record.bytesOut}` +
    `,"port":${record.port},"attempts":${record.attempts}${places.textOf(record)}` +
    text('endpoint', record.endpoint) +
    (failure === null ? '' : text('failure', failure.kind)) +
    (failure !== null && 'detail' in failure ? text('detail', failure.detail) : '') +
    text('shadowed', record.shadowed) +
    text('subject', record.subject) +
    text('userAgent', record.userAgent) +
    text('requestId', record.requestId) +
    `${record.upgraded ? ',"upgraded":true' : ''}}\n`
  );
}

/** Where requests went, as lines tell it: the same few texts over and over, so they are remembered by route. */
export class Places {
  readonly #known = new Map<string | null, Place>();

  /** Listener, route, rule and cluster. */
  textOf({ listener, route, rule, cluster }: RequestRecord): string {
    const known = this.#known.get(route);
    if (known?.listener === listener && known.rule === rule && known.cluster === cluster) return known.text;
    const places =
      text('listener', listener) + text('route', route) + text('rule', rule) + text('cluster', cluster);
    if (this.#known.size >= placesMax) this.#known.clear();
    this.#known.set(route, { listener, rule, cluster, text: places });
    return places;
  }
}

type Place = Pick<RequestRecord, 'listener' | 'rule' | 'cluster'> & { readonly text: string };

function text(name: string, value: string | null): string {
  return value === null ? '' : `,"${name}":${jsonText(value, valueMax)}`;
}

/** Milliseconds with three decimals: microseconds. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
