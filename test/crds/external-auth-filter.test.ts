// The filter ExternalAuth as the experimental CRD of HTTPRoute has it: the standard one, which API servers of the verdicts
// have, does not know it.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decodeObject } from '#crds/kind.ts';
import { gatewayApi, object, type Json } from './verdict-case.ts';

const backendRef = { name: 'doorman', port: 80 };

function problemsOf(externalAuth: Json | null): readonly string[] {
  const filter = { type: 'ExternalAuth', ...(externalAuth === null ? {} : { externalAuth }) };
  const route = object(gatewayApi, 'HTTPRoute', { spec: { rules: [{ filters: [filter] }] } });
  const decoded = decodeObject('HTTPRoute', route);
  return decoded.ok ? [] : decoded.problems.map(({ path }) => path.replace('spec.rules[0].filters[0]', ''));
}

const cases: Readonly<Record<string, readonly [Json | null, readonly string[]]>> = {
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

for (const [what, [externalAuth, problems]] of Object.entries(cases)) {
  it(`a filter that asks ${what} is ${problems.length === 0 ? 'taken' : 'refused'}`, () => {
    assert.deepEqual(problemsOf(externalAuth), problems);
  });
}
