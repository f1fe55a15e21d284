// What the planes say to each other: one JSON object a line, over one stream. The data plane says hello; the
// controller answers with puts and removes, closed by a commit; the data plane acknowledges each commit.
// A controller replica that follows tells the leader about its data planes in the same way.
import { parseJson, resourceOf } from './decode.ts';
import type { GatewayKey } from './ids.ts';
import { orderShape } from './order.ts';
import type { PortProtocol } from './port-key.ts';
import * as shape from './shape.ts';
import { type Shape, object } from './shape.ts';
import { SnapshotError } from './snapshot-error.ts';
import type { Order, Resource } from './snapshot.ts';

/** The protocol's number: a peer of another number is refused. Additions that can be ignored do not raise it. */
export const protocolNumber = 1;

/** The longest line a data plane takes: a put of one resource. */
export const controllerLineBytesMax = 8 * 1024 * 1024;

/** The longest line a controller takes from anyone. */
export const clientLineBytesMax = 256 * 1024;

/** How many refused resources one message names at most, in how many bytes, and how long a reason is. */
const refusedMax = 500;
const refusedBytesMax = clientLineBytesMax / 2;
const reasonLengthMax = 256;

/** The last moment that a Date can tell. */
const latestMs = 8.64e15;

/** How many ports one message names at most, the first by number; where more cannot be opened all have one reason. */
const unboundMax = 64;

/** How many quotas one message names at most. */
export const nearQuotasMax = 100;

/** First line of a data plane. `version` is what it has (null: nothing), `order` what it must not fall behind. */
export interface Hello {
  readonly type: 'hello';
  readonly protocol: number;
  readonly gateway: GatewayKey;
  readonly version: string | null;
  readonly order: Order | null;
  /** Whether it serves `version` now. */
  readonly serving: boolean;
  /** The version of the program. */
  readonly build: string;
  /** The pod's name. */
  readonly instance: string;
}

/** A fresh service-account token, in place of the one that expires. */
export interface Token {
  readonly type: 'token';
  readonly token: string;
}

/** The data plane serves `version`, save the refused resources, of which it keeps what it had. */
export interface Ack {
  readonly type: 'ack';
  readonly version: string;
  readonly refused: readonly Refused[];
}

/** A resource that a data plane could not take, and why, for its operator. */
export interface Refused {
  readonly id: string;
  readonly reason: string;
}

/** As many of `refused` as a message may tell, with all else that it says, in a line that is not too long. */
export function shortened(refused: readonly Refused[]): readonly Refused[] {
  const told: Refused[] = [];
  let bytes = 0;
  for (const { id, reason } of refused.slice(0, refusedMax)) {
    const one = { id, reason: tellable(reason) };
    bytes += Buffer.byteLength(JSON.stringify(one)) + 1;
    if (bytes > refusedBytesMax) break;
    told.push(one);
  }
  return told;
}

/** All ports that the data plane cannot open now: said when that changes, and after a hello when there are any. */
export interface Ports {
  readonly type: 'ports';
  readonly unbound: readonly UnboundPort[];
}

/** A port of the Gateway that a data plane cannot open; it tries again and again. */
export interface UnboundPort {
  readonly port: number;
  readonly protocol: PortProtocol;
  /** As of node:net, for example `EADDRINUSE`. */
  readonly code: string;
  readonly message: string;
}

/** `unbound` as a message may tell it. */
export function tellablePorts(unbound: readonly UnboundPort[]): readonly UnboundPort[] {
  return unbound
    .slice(0, unboundMax)
    .map(({ port, protocol, code, message }) => ({ port, protocol, code, message: tellable(message) }));
}

/** All quotas of which this data plane knows that they are nearly used up: said when that changes, once a minute at most. */
export interface Quotas {
  readonly type: 'quotas';
  readonly near: readonly NearQuota[];
}

/** A quota of which a Consumer has used four fifths and more. */
export interface NearQuota {
  /** `<namespace>/<name>`. */
  readonly consumer: string;
  /** The name of a Plan of the same namespace. */
  readonly plan: string;
  readonly quota: string;
  readonly used: number;
  /** When the period ends, milliseconds since 1970. */
  readonly endsMs: number;
}

/** Those of `near` that are of Consumers: others have no status. The newest, as many as a message may tell. */
export function tellableQuotas(near: readonly NearQuota[]): readonly NearQuota[] {
  return near.filter(({ consumer }) => consumerName.test(consumer)).slice(-nearQuotasMax);
}

/** Short, and without what a status, an Event or a terminal cannot show. */
function tellable(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, ' ')
    .slice(0, reasonLengthMax)
    .toWellFormed();
}

/** The data plane cannot apply what it was sent and asks for everything. */
export interface Resync {
  readonly type: 'resync';
  /** What it must not fall behind; null: nothing. */
  readonly order: Order | null;
}

/** A client showed a token signed by a key that is not in the key set. */
export interface MissingKey {
  readonly type: 'missingKey';
  /** The id of the KeySet. */
  readonly keySet: string;
  readonly kid: string;
}

/** What a data plane says. */
export type DataPlaneMessage = Hello | Token | Ack | Ports | Quotas | Resync | MissingKey;

/** The id is gone once the next commit comes. */
export interface Remove {
  readonly type: 'remove';
  readonly id: string;
}

/**
 * Closes the puts and removes before it: together with `base` (null: with nothing) they are `version`,
 * the hash over all ids and hashes.
 */
export interface Commit {
  readonly type: 'commit';
  readonly version: string;
  readonly order: Order;
  readonly base: string | null;
}

/** This controller has seen less of some kind than the data plane, and sends nothing until it has caught up. */
export interface Behind {
  readonly type: 'behind';
  readonly order: Order;
}

/** What a controller says beside puts. */
export type ControlMessage = Remove | Commit | Behind;

/** A put's resource is not decoded yet: one that cannot be is refused alone. */
export interface Put {
  readonly type: 'put';
  readonly id: string;
  /** Exactly as it was encoded: its hash counts. */
  readonly encoded: string;
  /** What JSON.parse made of it. */
  readonly value: unknown;
}

/** What a controller says. */
export type ControllerMessage = Put | ControlMessage;

/** First line of a replica that follows. */
export interface PeerHello {
  readonly type: 'peer';
  readonly protocol: number;
  /** The pod's name. */
  readonly replica: string;
}

/** What a follower knows of one data plane that hangs on it; `connection` is unique in that replica. */
export interface DataPlaneSeen {
  readonly type: 'dataPlane';
  readonly connection: string;
  readonly gateway: GatewayKey;
  readonly instance: string;
  /** What it serves; null: nothing yet. */
  readonly version: string | null;
  readonly refused: readonly Refused[];
  readonly unbound: readonly UnboundPort[];
  readonly near: readonly NearQuota[];
}

/** The stream of a data plane has ended. */
export interface DataPlaneGone {
  readonly type: 'gone';
  readonly connection: string;
}

/** What a follower says to the leader. */
export type PeerMessage = PeerHello | DataPlaneSeen | DataPlaneGone | MissingKey | Token;

const putStart = '{"type":"put","resource":';

/** The line, with its end, that puts an encoded resource. */
export function putLine(encoded: string): string {
  return `${putStart}${encoded}}\n`;
}

/** The line, with its end, that tells `message`. */
export function messageLine(message: ControlMessage | DataPlaneMessage | PeerMessage): string {
  return `${JSON.stringify(message)}\n`;
}

/**
 * Reads a line of a controller; null: a message of a newer build, to be ignored.
 * Throws {@link SnapshotError}: such a stream cannot go on.
 */
export function controllerMessage(line: string): ControllerMessage | null {
  if (!line.startsWith(putStart)) return read<ControlMessage>(controlMessages, line);
  const encoded = line.slice(putStart.length, -1);
  const value = parseJson(encoded);
  const id = shape.peek(value, 'id');
  if (typeof id !== 'string' || !line.endsWith('}')) {
    throw new SnapshotError('Invalid', { id: null, path: 'resource.id', problem: 'is missing' });
  }
  return { type: 'put', id, encoded, value };
}

/** The resource of a put, frozen. Throws {@link SnapshotError}: it alone is refused. */
export function putResource(put: Put): Resource {
  return resourceOf(put.value);
}

/** Reads a line of a data plane; as {@link controllerMessage}. */
export function dataPlaneMessage(line: string): DataPlaneMessage | null {
  return read<DataPlaneMessage>(dataPlaneMessages, line);
}

/** Reads a line of a following replica; as {@link controllerMessage}. */
export function peerMessage(line: string): PeerMessage | null {
  return read<PeerMessage>(peerMessages, line);
}

type Messages<M extends { readonly type: string }> = {
  readonly [K in M['type']]: Shape<Extract<M, { readonly type: K }>>;
};

const version = shape.shortText(64);
const name = words(1, 253);

const gateway = shape.pattern<GatewayKey>(/^[a-z0-9.-]{1,253}\/[a-z0-9.-]{1,253}$/, '<namespace>/<name>');

const refused: Shape<readonly Refused[]> = shape.list(
  object({ id: shape.shortText(1024), reason: words(0, reasonLengthMax) }),
  0,
  refusedMax,
);

const unbound: Shape<readonly UnboundPort[]> = shape.list(
  object({
    port: shape.integer(1, 65_535),
    // older builds do not tell it
    protocol: shape.optional(shape.oneOf('TCP', 'UDP'), 'TCP'),
    code: shape.pattern(/^[A-Z][A-Z0-9_]{0,63}$/, 'an error code'),
    message: words(0, reasonLengthMax),
  }),
  0,
  unboundMax,
);

const consumerName = /^[a-z0-9.-]{1,63}\/[a-z0-9.-]{1,253}$/;

const near: Shape<readonly NearQuota[]> = shape.list(
  object({
    consumer: shape.pattern(consumerName, '<namespace>/<name>'),
    plan: words(1, 253),
    quota: words(1, 253),
    used: shape.integer(0),
    endsMs: shape.integer(0, latestMs),
  }),
  0,
  nearQuotasMax,
);

const token: Shape<Token> = object({ type: shape.oneOf('token'), token: shape.shortText(16_384) });

const missingKey: Shape<MissingKey> = object({
  type: shape.oneOf('missingKey'),
  keySet: shape.shortText(1024),
  kid: shape.shortText(1024),
});

const dataPlaneMessages: Messages<DataPlaneMessage> = {
  hello: object({
    type: shape.oneOf('hello'),
    protocol: shape.integer(0),
    gateway,
    version: shape.nullable(version),
    order: shape.nullable(orderShape),
    serving: shape.flag,
    build: name,
    instance: name,
  }),
  token,
  ack: object({ type: shape.oneOf('ack'), version, refused }),
  ports: object({ type: shape.oneOf('ports'), unbound }),
  quotas: object({ type: shape.oneOf('quotas'), near }),
  resync: object({ type: shape.oneOf('resync'), order: shape.nullable(orderShape) }),
  missingKey,
};

const controlMessages: Messages<ControlMessage> = {
  remove: object({ type: shape.oneOf('remove'), id: shape.text }),
  commit: object({ type: shape.oneOf('commit'), version, order: orderShape, base: shape.nullable(version) }),
  behind: object({ type: shape.oneOf('behind'), order: orderShape }),
};

const peerMessages: Messages<PeerMessage> = {
  peer: object({ type: shape.oneOf('peer'), protocol: shape.integer(0), replica: name }),
  dataPlane: object({
    type: shape.oneOf('dataPlane'),
    connection: name,
    gateway,
    instance: name,
    version: shape.nullable(version),
    refused,
    unbound: shape.optional(unbound, []),
    near: shape.optional(near, []),
  }),
  gone: object({ type: shape.oneOf('gone'), connection: name }),
  missingKey,
  token,
};

/** Words that reach statuses, Events and logs: no control characters and no halves of characters. */
function words(min: number, max: number): Shape<string> {
  return shape.pattern(
    new RegExp(`^[^\\p{Cc}\\p{Cs}]{${min},${max}}$`, 'u'),
    `${min} to ${max} printable characters`,
  );
}

function read<M>(messages: Readonly<Record<string, Shape<M>>>, line: string): M | null {
  const value = parseJson(line);
  const type = shape.peek(value, 'type');
  const known = typeof type === 'string' && Object.hasOwn(messages, type) ? messages[type] : undefined;
  if (known === undefined && typeof type === 'string') return null;
  if (known === undefined) {
    throw new SnapshotError('Invalid', { id: null, path: 'type', problem: 'is missing' });
  }
  try {
    return known(value);
  } catch (error) {
    if (!(error instanceof shape.Mismatch)) throw error;
    throw new SnapshotError('Invalid', { id: null, path: error.path, problem: error.message });
  }
}
