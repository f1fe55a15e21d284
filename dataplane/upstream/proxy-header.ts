import net from 'node:net';
import type { ConnectionEnd } from '#dataplane/http/address.ts';

/**
 * The header of the PROXY protocol (haproxy.org, versions 1 and 2) that tells a backend whose connection it is: the
 * client's end and the one of ours that it came to. Ends of different families are told as IPv6.
 */
export function proxyHeader(version: 'V1' | 'V2', source: ConnectionEnd, destination: ConnectionEnd): Buffer {
  const isOld = net.isIPv4(source.address) && net.isIPv4(destination.address);
  return version === 'V1' ? textHeader(source, destination, isOld) : binaryHeader(source, destination, isOld);
}

/** The same for a connection that is nobody's but ours, such as that of a health check. */
export function ownHeader(version: 'V1' | 'V2'): Buffer {
  return version === 'V1'
    ? Buffer.from('PROXY UNKNOWN\r\n', 'latin1')
    : Buffer.concat([signature, Buffer.from([versionAndLocal, 0, 0, 0])]);
}

function textHeader(source: ConnectionEnd, destination: ConnectionEnd, isOld: boolean): Buffer {
  const [from, to] = [source.address, destination.address].map((one) => (isOld ? one : asNew(one)));
  const family = isOld ? 'TCP4' : 'TCP6';
  return Buffer.from(`PROXY ${family} ${from} ${to} ${source.port} ${destination.port}\r\n`, 'latin1');
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Version 2, and that the connection is the client's (PROXY). */
const versionAndCommand = 0x21;
/** Version 2, and that it is our own (LOCAL). */
const versionAndLocal = 0x20;
/** TCP over either family. */
const overOld = 0x11;
const overNew = 0x21;

function binaryHeader(source: ConnectionEnd, destination: ConnectionEnd, isOld: boolean): Buffer {
  const addresses = [source, destination].map(({ address }) =>
    isOld ? oldOctets(address) : newOctets(address),
  );
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(source.port, 0);
  tail.writeUInt16BE(destination.port, 2);
  const body = Buffer.concat([...addresses, tail]);
  const start = Buffer.from([versionAndCommand, isOld ? overOld : overNew, 0, body.length]);
  return Buffer.concat([signature, start, body]);
}

function asNew(address: string): string {
  return net.isIPv4(address) ? `::ffff:${address}` : address;
}

function oldOctets(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

/** The 16 octets of an IPv6 address, however it is written (RFC 4291 section 2.2). */
function newOctets(address: string): Buffer {
  const [before = '', after] = asNew(address).split('::');
  const head = groups(before);
  const tail = after === undefined ? Buffer.alloc(0) : groups(after);
  return Buffer.concat([head, Buffer.alloc(Math.max(0, 16 - head.length - tail.length)), tail], 16);
}

function groups(text: string): Buffer {
  if (text === '') return Buffer.alloc(0);
  const parts = text.split(':').map((part) => {
    if (part.includes('.')) return oldOctets(part);
    const group = Buffer.alloc(2);
    group.writeUInt16BE(Number.parseInt(part, 16));
    return group;
  });
  return Buffer.concat(parts);
}
