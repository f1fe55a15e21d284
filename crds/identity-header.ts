// Names of request headers that tell the backend something in the gateway's name.
import { isReservedField, reservedFields } from '#snapshot/reserved-fields.ts';
import { fieldName } from './fields.ts';
import { withRules } from './grammar.ts';

/** Name of a request header that a service may set: none that belongs to the connection or the framing. */
export const backendHeader = withRules(fieldName, [
  {
    cel: `!(self.lowerAscii() in ${listOf(reservedFields)})`,
    message:
      'this header belongs to the connection or the framing of the message: choose another, such as x-user',
    holds: (header) => !isReservedField(header.toLowerCase()),
  },
]);

/** Beside those of the connection: where credentials stand, and what the gateway itself tells of the client. */
const taken = [
  'authorization',
  'cookie',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-request-id',
];

/** Name of a request header that tells the backend who calls, and nothing else. */
export const identityHeader = withRules(fieldName, [
  {
    cel: `!(self.lowerAscii() in ${listOf([...taken, ...reservedFields])})`,
    message:
      'backends read something else in this header (a credential, the client, the connection, the framing): choose another, such as x-user',
    holds: (header) => !taken.includes(header.toLowerCase()) && !isReservedField(header.toLowerCase()),
  },
]);

function listOf(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(', ')}]`;
}
