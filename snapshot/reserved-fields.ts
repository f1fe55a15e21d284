/**
 * Fields that belong to the connection, to framing or to the request's target, in lower case: the engine alone writes
 * them, so neither a route nor a claim can (RFC 9110 section 7.6.1, RFC 9112 section 6). Host is changed by a rewrite.
 */
export const reservedFields = Object.freeze([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const names: ReadonlySet<string> = new Set(reservedFields);

/** Whether `name`, in lower case, is one of {@link reservedFields}. */
export function isReservedField(name: string): boolean {
  return names.has(name);
}
