import { noBans, type BanList } from '#dataplane/http/ban-list.ts';
import { restoreStringMethods } from '#dataplane/http/fast-strings.ts';
import { fieldLine } from '#dataplane/http/fields.ts';
import { answerTo } from './answer.ts';
import { DatagramRelay } from './datagram-relay.ts';
import { Deadlines } from './deadlines.ts';
import { ProxiedExchange } from './exchange.ts';
import { GrpcWebDownstream, grpcWebCallOf, TextContent } from './grpc-web.ts';
import { refusalRecord } from './record.ts';
import { RefusedAnswers, RefusedExchange, refusalOf, unreadRequest } from './refused-exchange.ts';
import { StreamRelay } from './stream-relay.ts';
import type { Gateway } from './downstream.ts';
import type { Surroundings } from './surroundings.ts';
import type { Observer } from '#dataplane/http/observer.ts';
import type { RuntimeCell } from '#dataplane/runtime.ts';

/** How often requests' deadlines are looked at: they are kept to this much late. */
const deadlineTickMs = 25;

export interface GatewayOptions {
  readonly cell: RuntimeCell;
  readonly observer: Observer;
  /** Nobody's unless told. */
  readonly bans?: BanList;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** The engine: makes exchanges of requests, for each of which it reads the cell once. */
export function createGateway(options: GatewayOptions): Gateway {
  restoreStringMethods();
  const now = options.now ?? ((): number => performance.now());
  const around: Surroundings = {
    observer: options.observer,
    bans: options.bans ?? noBans,
    deadlines: new Deadlines(deadlineTickMs, now),
    now,
    dateLine: createDateLine(now),
  };
  const answers = new RefusedAnswers(around.dateLine);
  return {
    exchange(request, downstream) {
      const port = options.cell.current.ports.get(downstream.port) ?? null;
      const call = port?.client.grpcWeb === true ? grpcWebCallOf(request) : null;
      const client = call === null ? downstream : new GrpcWebDownstream(downstream, call);
      const refusal = refusalOf(port, request, downstream.client);
      if (refusal !== null) return new RefusedExchange(refusal, call?.request ?? request, client, answers);
      if (call === null) return new ProxiedExchange(around, port, request, downstream);
      const exchange = new ProxiedExchange(around, port, call.request, client);
      return call.isText ? new TextContent(exchange) : exchange;
    },
    reset(failure, { client, port }) {
      around.observer.exchangeFinished(refusalRecord(failure, { client, port, status: 0, nowMs: now() }));
    },
    refuse(failure, downstream) {
      const { client, port } = downstream;
      const refusal = refusalOf(options.cell.current.ports.get(port) ?? null, unreadRequest, client);
      if (refusal !== null) {
        new RefusedExchange(refusal, unreadRequest, downstream, answers).start();
        return;
      }
      const { status, fields, body } = answerTo(failure);
      around.observer.exchangeFinished(refusalRecord(failure, { client, port, status, nowMs: now() }));
      if (status === 0) {
        downstream.cut(failure);
        return;
      }
      fields.appendLine('date', around.dateLine());
      downstream.begin(status, fields, body.length, body.length);
      downstream.data(body);
      downstream.end(null);
    },
    relay(relay, stream) {
      const running = new StreamRelay(around, relay, stream);
      running.start();
      return running;
    },
    relayDatagrams(relay, from) {
      const running = new DatagramRelay(around, relay, from);
      return running.start() ? running : null;
    },
  };
}

/** The Date field's line, made anew once a second. */
function createDateLine(now: () => number): () => string {
  let text = '';
  let madeMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = now();
    if (nowMs - madeMs >= 1000 || text === '') {
      madeMs = nowMs;
      text = fieldLine('Date', new Date().toUTCString());
    }
    return text;
  };
}
