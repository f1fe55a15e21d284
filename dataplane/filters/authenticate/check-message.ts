// The messages of envoy.service.auth.v3, as far as they are used here, in protobuf's binary form. Numbers are those of
// external_auth.proto, attribute_context.proto and what these import.
import { isUtf8 } from 'node:buffer';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { ConnectionEnd } from '#dataplane/http/address.ts';
import type { ContextExtension } from '#snapshot/external-authorization.ts';

/** AttributeContext: what is told of a request. Texts as they came, an octet a character. */
export interface CheckedRequest {
  readonly source: ConnectionEnd;
  /** Who the client is by its certificate; `''` for nobody. */
  readonly principal: string;
  readonly destination: ConnectionEnd;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly id: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** With the query. */
  readonly path: string;
  readonly host: string;
  readonly scheme: string;
  /** Of the content, or -1. */
  readonly size: number;
  readonly protocol: string;
  /** Null: nothing is told of it. */
  readonly body: Buffer | null;
  readonly context: readonly ContextExtension[];
  /** Null without TLS. */
  readonly serverName: string | null;
}

/** What stands of a message before the octets that end it, which are not copied. */
export interface Unended {
  readonly head: Uint8Array;
  readonly more: number;
}

/** `request` as a CheckRequest that its body ends, where one is told. */
export function encodeCheckRequest(request: CheckedRequest): Unended {
  const http = httpRequest(request);
  const asked = new BinaryWriter();
  message(asked, 1, () => {
    const seconds = Math.floor(request.timeMs / 1000);
    asked.tag(1, WireType.Varint).int64(seconds);
    asked.tag(2, WireType.Varint).int32(Math.round((request.timeMs - seconds * 1000) * 1e6));
  });
  const attributes = new BinaryWriter();
  peer(attributes, 1, request.source, request.principal);
  peer(attributes, 2, request.destination, '');
  for (const { name, value } of request.context) entry(attributes, 10, name, value);
  if (request.serverName !== null)
    message(attributes, 12, () => text(attributes, 1, request.serverName ?? ''));
  return endedBy(new BinaryWriter(), 1, endedBy(attributes, 4, endedBy(asked, 2, http)));
}

function httpRequest(request: CheckedRequest): Unended {
  const writer = new BinaryWriter();
  text(writer, 1, request.id);
  text(writer, 2, request.method);
  for (const [name, value] of request.headers) entry(writer, 3, name, value);
  text(writer, 4, request.path);
  text(writer, 5, request.host);
  text(writer, 6, request.scheme);
  writer.tag(9, WireType.Varint).int64(request.size);
  text(writer, 10, request.protocol);
  const { body } = request;
  if (body === null) return { head: writer.finish(), more: 0 };
  // what is no text cannot be a string of protobuf: readers refuse the whole message
  const number = isUtf8(body) ? 11 : 12;
  return endedBy(writer, number, { head: new Uint8Array(), more: body.length });
}

/** What was written, ended by member `number`. */
function endedBy(writer: BinaryWriter, number: number, { head, more }: Unended): Unended {
  writer.tag(number, WireType.LengthDelimited).uint32(head.length + more);
  return { head: writer.raw(head).finish(), more };
}

function peer(
  writer: BinaryWriter,
  number: number,
  { address, port }: ConnectionEnd,
  principal: string,
): void {
  message(writer, number, () => {
    message(writer, 1, () =>
      message(writer, 1, () => {
        text(writer, 2, address);
        writer.tag(3, WireType.Varint).uint32(port);
      }),
    );
    if (principal !== '') text(writer, 4, principal);
  });
}

function message(writer: BinaryWriter, number: number, write: () => void): void {
  writer.tag(number, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

function entry(writer: BinaryWriter, number: number, name: string, value: string): void {
  message(writer, number, () => {
    text(writer, 1, name);
    text(writer, 2, value);
  });
}

/** What is no UTF-8 gets replacement characters: see the body. */
function text(writer: BinaryWriter, number: number, value: string): void {
  writer.tag(number, WireType.LengthDelimited).string(Buffer.from(value, 'latin1').toString());
}

/** A HeaderValueOption. The value is told an octet a character. */
export interface ToldHeader {
  readonly name: string;
  readonly value: string;
  /** `append`, which Envoy takes before the action. */
  readonly appends: boolean;
  /** `append_action`. */
  readonly action: number;
}

/** A CheckResponse. */
export interface CheckResponse {
  /** google.rpc.Status; null where none stands there. */
  readonly code: number | null;
  readonly denied: DeniedResponse | null;
  readonly ok: OkResponse | null;
  /** The service says that it has failed. */
  readonly isError: boolean;
}

/** A DeniedHttpResponse; status 0 where none stands there. */
export interface DeniedResponse {
  readonly status: number;
  readonly headers: readonly ToldHeader[];
  readonly body: Buffer;
}

/** An OkHttpResponse. */
export interface OkResponse {
  readonly headers: readonly ToldHeader[];
  readonly removed: readonly string[];
  readonly answerHeaders: readonly ToldHeader[];
  readonly setParameters: readonly (readonly [name: string, value: string])[];
  readonly removedParameters: readonly string[];
}

/** Reads a CheckResponse; throws for octets that are none. */
export function decodeCheckResponse(octets: Uint8Array): CheckResponse {
  const response = new Message(octets);
  return {
    code: response.inside(1)?.number(1) ?? null,
    denied: deniedResponse(response.inside(2)),
    ok: okResponse(response.inside(3)),
    isError: response.inside(5) !== null,
  };
}

function deniedResponse(denied: Message | null): DeniedResponse | null {
  if (denied === null) return null;
  return {
    status: denied.inside(1)?.number(1) ?? 0,
    headers: denied.all(2).map(headerOf),
    body: denied.octets(3),
  };
}

function okResponse(ok: Message | null): OkResponse | null {
  if (ok === null) return null;
  return {
    headers: ok.all(2).map(headerOf),
    removed: ok.all(5).map((name) => Buffer.from(name).toString('latin1')),
    answerHeaders: ok.all(6).map(headerOf),
    setParameters: ok.all(7).map((octets) => {
      const parameter = new Message(octets);
      return [parameter.octets(1).toString(), parameter.octets(2).toString()];
    }),
    removedParameters: ok.all(8).map((name) => Buffer.from(name).toString()),
  };
}

function headerOf(octets: Uint8Array): ToldHeader {
  const option = new Message(octets);
  const header = option.inside(1) ?? new Message(new Uint8Array());
  const raw = header.octets(3);
  return {
    name: header.octets(1).toString('latin1'),
    value: (raw.length > 0 ? raw : header.octets(2)).toString('latin1'),
    appends: option.inside(2)?.number(1) === 1,
    action: option.number(3),
  };
}

/** The members of one message by their numbers. Those of other wire types than numbers and octets are passed over. */
class Message {
  readonly #numbers = new Map<number, number>();
  readonly #octets = new Map<number, Uint8Array[]>();

  constructor(octets: Uint8Array) {
    const reader = new BinaryReader(octets);
    while (reader.pos < reader.len) {
      const [number, type] = reader.tag();
      if (type === WireType.Varint) this.#numbers.set(number, reader.int32());
      else if (type === WireType.LengthDelimited) this.#push(number, reader.bytes());
      else reader.skip(type, number);
    }
  }

  /** 0 where it is not told. */
  number(number: number): number {
    return this.#numbers.get(number) ?? 0;
  }

  /** The last that was told; empty where none was. */
  octets(number: number): Buffer {
    return Buffer.from(this.#octets.get(number)?.at(-1) ?? []);
  }

  all(number: number): readonly Uint8Array[] {
    return this.#octets.get(number) ?? [];
  }

  /** A message told in pieces is that of all its pieces; null where it is not told. */
  inside(number: number): Message | null {
    const pieces = this.#octets.get(number);
    return pieces === undefined ? null : new Message(Buffer.concat(pieces));
  }

  #push(number: number, octets: Uint8Array): void {
    const told = this.#octets.get(number);
    if (told === undefined) this.#octets.set(number, [octets]);
    else told.push(octets);
  }
}
