// The one call of grpc.health.v1.Health that is ours (github.com/grpc/grpc/blob/master/doc/health-checking.md).
import { Fields } from '#dataplane/http/fields.ts';
import type { GrpcHealthCheck } from '#snapshot/cluster-health.ts';
import type { ProbeRequest } from './probe.ts';

/** Octets before a message: whether it is compressed, and its length. */
const prefixBytes = 5;
/** Protocol Buffers: field 1 as text, and as a number; the status that is wanted. */
const textTag = 0x0a;
const numberTag = 0x08;
const serving = 1;

/** Asks how `service` is; `''` for the server as a whole. */
export function grpcHealthRequest({ service }: GrpcHealthCheck, authority: string): ProbeRequest {
  const fields = new Fields();
  fields.append('content-type', 'application/grpc');
  fields.append('user-agent', 'turnpike');
  const content = framed(service === '' ? Buffer.alloc(0) : textField(Buffer.from(service)));
  return {
    head: { method: 'POST', path: '/grpc.health.v1.Health/Check', query: null, authority, fields },
    length: content.length,
    upgrade: '',
    webSocketKey: null,
    takesTrailers: true,
    text: () => '',
    content,
  };
}

/** Whether the content of an answer says SERVING. */
export function isServing(content: Buffer): boolean {
  const message = content.subarray(prefixBytes);
  return content[0] === 0 && message[0] === numberTag && message[1] === serving;
}

function textField(text: Buffer): Buffer {
  return Buffer.concat([Buffer.from([textTag, ...varint(text.length)]), text]);
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
