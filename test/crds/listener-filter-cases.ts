// Filters of listeners as the experimental CRDs of Gateway and ListenerSet have them. The decoder is tested with them here,
// a real API server in e2e/planes/policies.test.ts.
import { gatewayApi, object, type Json } from './verdict-case.ts';

const externalAuth = { protocol: 'HTTP', backendRef: { name: 'doorman', port: 80 }, http: {} };
const asking = { type: 'ExternalAuth', externalAuth };
const extensionRef = { group: 'turnpike.dev', kind: 'AuthPolicy', name: 'staff' };

/** A Gateway and a ListenerSet with a listener that has these fields beside its name and port. */
export function listening(fields: Json): readonly Json[] {
  const listeners = [{ name: 'one', port: 80, ...fields }];
  return [
    object(gatewayApi, 'Gateway', { spec: { gatewayClassName: 'turnpike', listeners } }),
    object(gatewayApi, 'ListenerSet', { spec: { parentRef: { name: 'edge' }, listeners } }),
  ];
}

/** A listener of HTTP with these filters. */
export function filtering(...requests: readonly Json[]): Json {
  return { protocol: 'HTTP', filters: { requests } };
}

/** What a listener says, and the paths below it that the decoder tells; none where it is taken. */
export const listenerFilterCases: Readonly<Record<string, readonly [Json, readonly string[]]>> = {
  'filters without any': [{ protocol: 'HTTP', filters: {} }, []],
  'an empty list': [filtering(), []],
  'a service that is asked': [filtering(asking), []],
  'a policy that is pulled in': [filtering({ type: 'ExtensionRef', extensionRef }, asking), []],
  '16 filters': [filtering(...Array.from({ length: 16 }, () => asking)), []],
  '17 filters': [filtering(...Array.from({ length: 17 }, () => asking)), ['.filters.requests']],
  'a filter without its field': [filtering(asking, { type: 'ExtensionRef' }), ['.filters.requests[1]']],
  'a filter with the field of another': [
    filtering({ type: 'ExternalAuth', externalAuth, extensionRef }),
    ['.filters.requests[0]'],
  ],
  'a filter without a type': [filtering({ externalAuth }), ['.filters.requests[0].type']],
  'a service without a port': [
    filtering({ ...asking, externalAuth: { ...externalAuth, backendRef: { name: 'doorman' } } }),
    ['.filters.requests[0].externalAuth.backendRef'],
  ],
  'filters of streams': [{ ...filtering(asking), protocol: 'TCP' }, ['']],
};
