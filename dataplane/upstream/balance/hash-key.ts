import { cookieIn } from '#dataplane/http/cookies.ts';
import { hashText } from './mixing.ts';
import { noHash } from './balancer.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { HashSource } from '#snapshot/cluster.ts';

/** What of a request is hashed, as a number for {@link Balancer.pick}: `noHash` when the request has nothing of it. */
export interface HashKey {
  hashOf(fields: Fields, clientAddress: string): number;
}

/** Reads the client's address, all values of a header, or the first cookie of a name (RFC 6265 section 5.4). */
export function hashKeyOf(source: HashSource): HashKey {
  switch (source.kind) {
    case 'ClientAddress':
      return { hashOf: (_fields, clientAddress) => hashText(clientAddress) };
    case 'Header':
      return { hashOf: (fields) => hashOrNone(fields.joined(source.name)) };
    case 'Cookie':
      return { hashOf: (fields) => hashOrNone(cookieIn(fields, source.name)) };
  }
}

function hashOrNone(text: string | undefined): number {
  return text === undefined ? noHash : hashText(text);
}
