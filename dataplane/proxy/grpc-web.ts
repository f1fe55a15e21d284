// gRPC-Web (the protocol's PROTOCOL-WEB.md): calls of browsers, which see no trailers. What comes in is made a call of
// gRPC, and the trailers of its answer become the last frame of the content. As text, frames are in base64.
import { chunkedLength, noContent } from '#dataplane/http/framing.ts';
import { Fields } from '#dataplane/http/fields.ts';
import { grpcCallOf } from '#dataplane/http/grpc.ts';
import type { ConnectionEnd } from '#dataplane/http/address.ts';
import type { Channel } from '#dataplane/http/channel.ts';
import type { Client } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { ContentLength } from '#dataplane/http/framing.ts';
import type { ReceivedRequest } from '#dataplane/http/received.ts';
import type { Downstream, RunningExchange } from './downstream.ts';
import type { TunnelTimes } from './tunnel.ts';
import type { ClientLines } from './forwarded.ts';

/** A request of gRPC-Web. */
export interface GrpcWebCall {
  /** The call as gRPC has it. */
  readonly request: ReceivedRequest;
  /** Of its answer. */
  readonly contentType: string;
  readonly isText: boolean;
}

/** The call that `request` makes; null for what is no gRPC-Web, or cannot be understood as such. */
export function grpcWebCallOf(request: ReceivedRequest): GrpcWebCall | null {
  const parts = contentTypePattern.exec(request.fields.only('content-type') ?? '')?.groups;
  if (parts === undefined || request.method !== 'POST') return null;
  const isText = parts['text'] !== undefined;
  const format = parts['format'] ?? '';
  const fields = new Fields();
  fields.appendAll(request.fields);
  fields.remove('content-type');
  fields.append('content-type', `application/grpc${format}`, 'Content-Type');
  // what tells a server that it speaks with gRPC, and needs its trailers
  fields.remove('te');
  fields.append('te', 'trailers', 'TE');
  const grpc = grpcCallOf(fields);
  if (grpc === null || grpc === 'Malformed') return null;
  const length = isText && request.length > 0 ? chunkedLength : request.length;
  const contentType = `application/grpc-web${isText ? '-text' : ''}${format}`;
  return { request: { ...request, fields, length, grpc }, contentType, isText };
}

const contentTypePattern =
  /^application\/grpc-web(?<text>-text)?(?<format>\+[a-z0-9.-]{1,32})?(?:[ \t]*;.*)?$/iu;

/** A client of gRPC-Web as the engine sees it. */
export class GrpcWebDownstream implements Downstream {
  readonly #client: Downstream;
  readonly #call: GrpcWebCall;
  #hasContent = false;

  constructor(client: Downstream, call: GrpcWebCall) {
    this.#client = client;
    this.#call = call;
  }

  get client(): Client {
    return this.#client.client;
  }

  get clientLines(): ClientLines {
    return this.#client.clientLines;
  }

  get destination(): ConnectionEnd {
    return this.#client.destination;
  }

  get port(): number {
    return this.#client.port;
  }

  get tunnelTimes(): TunnelTimes {
    return this.#client.tunnelTimes;
  }

  inform(status: number, fields: Fields): void {
    this.#client.inform(status, fields);
  }

  begin(status: number, fields: Fields, length: ContentLength, declaredLength: number): void {
    fields.remove('content-type');
    fields.append('content-type', this.#call.contentType, 'Content-Type');
    // in a head that is all of the answer its status stands already
    this.#hasContent = length !== noContent && !fields.has('grpc-status');
    if (this.#hasContent) this.#client.begin(status, fields, chunkedLength, -1);
    else this.#client.begin(status, fields, length, declaredLength);
  }

  data(data: Buffer): boolean {
    return this.#client.data(this.#call.isText ? Buffer.from(data.toString('base64'), 'latin1') : data);
  }

  end(trailers: Fields | null): void {
    if (this.#hasContent) this.data(trailerFrame(trailers ?? new Fields()));
    this.#client.end(null);
  }

  flush(): boolean {
    return this.#client.flush();
  }

  keepsData(): boolean {
    return this.#client.keepsData();
  }

  cut(failure: Failure): void {
    this.#client.cut(failure);
  }

  want(): void {
    this.#client.want();
  }

  hold(): void {
    this.#client.hold();
  }

  switch(fields: Fields, protocol: string): Channel {
    return this.#client.switch(fields, protocol);
  }
}

/** The content of a call that comes as text, made octets. Segments of base64 may end, with or without padding, anywhere. */
export class TextContent implements RunningExchange {
  readonly #exchange: RunningExchange;
  #rest = '';
  #failed = false;

  constructor(exchange: RunningExchange) {
    this.#exchange = exchange;
  }

  get buffered(): number {
    return this.#exchange.buffered;
  }

  start(): void {
    this.#exchange.start();
  }

  contentData(data: Buffer): void {
    if (this.#failed) return;
    const text = this.#rest + data.toString('latin1');
    const whole = text.length - (text.length % 4);
    this.#rest = text.slice(whole);
    this.#pass(text.slice(0, whole));
  }

  contentEnd(trailers: Fields | null): void {
    if (this.#failed) return;
    if (this.#rest !== '') this.#fail('base64 that ends too early');
    else this.#exchange.contentEnd(trailers);
  }

  contentFlush(): void {
    this.#exchange.contentFlush();
  }

  clientReady(): void {
    this.#exchange.clientReady();
  }

  requestFailed(failure: Failure): void {
    this.#exchange.requestFailed(failure);
  }

  #pass(text: string): void {
    if (text === '') return;
    if (!/^(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)+$/u.test(text)) {
      this.#fail('content that is no base64');
      return;
    }
    // a segment ends with its padding; what Node takes for the end of everything is only the end of that
    const segments = text.match(/[^=]+={0,2}/gu) ?? [];
    this.#exchange.contentData(Buffer.concat(segments.map((segment) => Buffer.from(segment, 'base64'))));
  }

  #fail(detail: string): void {
    this.#failed = true;
    this.#exchange.requestFailed({ kind: 'MalformedRequest', detail });
  }
}

/** Flag and length, then the trailers as lines of a head, in lower case. */
function trailerFrame(trailers: Fields): Buffer {
  let lines = '';
  for (let line = 0; line < trailers.size; line += 1) {
    lines += `${trailers.nameAt(line)}: ${trailers.valueAt(line)}\r\n`;
  }
  const frame = Buffer.alloc(frameHeadBytes + lines.length);
  frame[0] = trailersFlag;
  frame.writeUInt32BE(lines.length, 1);
  frame.write(lines, frameHeadBytes, 'latin1');
  return frame;
}

const frameHeadBytes = 5;
const trailersFlag = 0x80;
