// The filter ExternalAuth as the experimental CRD of HTTPRoute has it: the standard one, which API servers of the verdicts
// have, does not know it. The decoder is tested with them here, a real API server in e2e/planes/policies.test.ts.
import { gatewayApi, object, type Json } from './verdict-case.ts';

const backendRef = { name: 'doorman', port: 80 };

/** A route with a filter of this type that asks so; null: it does not say. */
export function asking(externalAuth: Json | null): Json {
  const filter = { type: 'ExternalAuth', ...(externalAuth === null ? {} : { externalAuth }) };
  return object(gatewayApi, 'HTTPRoute', { spec: { rules: [{ filters: [filter] }] } });
}

/** What a filter asks, and the paths below the filter that the decoder tells; none where it is taken. */
export const externalAuthCases: Readonly<Record<string, readonly [Json | null, readonly string[]]>> = {
  nothing: [null, ['']],
  'by HTTP': [{ protocol: 'HTTP', backendRef, http: { path: '/check', allowedHeaders: ['x-a'] } }, []],
  'by gRPC': [{ protocol: 'GRPC', backendRef, grpc: {}, forwardBody: { maxSize: 5 } }, []],
  'by gRPC with fields of HTTP': [{ protocol: 'GRPC', backendRef, grpc: {}, http: {} }, ['.externalAuth']],
  'by HTTP without its field': [{ protocol: 'HTTP', backendRef }, ['.externalAuth']],
  'by another protocol': [{ protocol: 'SOAP', backendRef }, ['.externalAuth.protocol']],
  nobody: [{ protocol: 'HTTP', http: {} }, ['.externalAuth.backendRef']],
  'a Service without a port': [
    { protocol: 'HTTP', backendRef: { name: 'a' }, http: {} },
    ['.externalAuth.backendRef'],
  ],
  'by a path that is none': [
    { protocol: 'HTTP', backendRef, http: { path: '/a b' } },
    ['.externalAuth.http.path'],
  ],
  'with headers named twice': [
    { protocol: 'GRPC', backendRef, grpc: { allowedHeaders: ['a', 'a'] } },
    ['.externalAuth.grpc.allowedHeaders[1]'],
  ],
  'with less than no content': [
    { protocol: 'GRPC', backendRef, grpc: {}, forwardBody: { maxSize: -1 } },
    ['.externalAuth.forwardBody.maxSize'],
  ],
};
