// Whatever octets clients send, and however: a filter that asks for content sees what the backend gets, or the backend
// gets nothing.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as fc from 'fast-check';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { aRawBackend } from '#test/given/raw-backend.ts';
import { aRawClient, readAnswers } from '#test/given/raw-client.ts';
import { aBackend, aForward, aRetry, aRule } from '#test/given/runtime.ts';
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import type { ContentDemand, RequestContent } from '#dataplane/http/request-content.ts';

const trailer = 'x-sum: 8\r\n';

/** What one request is, and what is demanded of it. */
interface Example {
  readonly method: string;
  readonly size: number;
  /** Of chunks; 0: it has a Content-Length. */
  readonly chunk: number;
  readonly hasTrailers: boolean;
  readonly expects: boolean;
  readonly demands: readonly ContentDemand[];
  /** Of the event loop, between demands. */
  readonly turns: number;
}

const anExample: fc.Arbitrary<Example> = fc.record({
  method: fc.constantFrom('POST', 'PUT', 'GET', 'DELETE'),
  size: fc.oneof(fc.integer({ max: 40, min: 0 }), fc.integer({ max: 150_000, min: 0 })),
  chunk: fc.oneof(fc.constant(0), fc.integer({ max: 50_000, min: 1_000 })),
  hasTrailers: fc.boolean(),
  expects: fc.boolean(),
  demands: fc.array(
    fc.record({
      bytesMax: fc.oneof(fc.integer({ max: 50, min: 0 }), fc.integer({ max: 160_000, min: 0 })),
      beyond: fc.constantFrom('Refuse' as const, 'Truncate' as const),
    }),
    { minLength: 0, maxLength: 3 },
  ),
  turns: fc.integer({ max: 3, min: 0 }),
});

interface Request extends Readonly<ReturnType<typeof requestOf>> {
  readonly got: RequestContent[];
}

function requestOf(example: Example, id: number) {
  const { method, size, chunk, hasTrailers, expects } = example;
  const content = Buffer.alloc(size, `${id}.content-of-request-`).toString('latin1');
  const isChunked = chunk > 0;
  const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${size}`;
  const expect = expects ? 'Expect: 100-continue\r\n' : '';
  const head = `${method} /${id} HTTP/1.1\r\nHost: a\r\n${expect}${framing}\r\n\r\n`;
  let octets = head;
  if (isChunked) {
    for (let at = 0; at < size; at += chunk) {
      const piece = content.slice(at, at + chunk);
      octets += `${piece.length.toString(16)};ext=1\r\n${piece}\r\n`;
    }
    octets += `0\r\n${hasTrailers ? trailer : ''}\r\n`;
  } else octets += content;
  const isRefused = example.demands.some(({ bytesMax, beyond }) => beyond === 'Refuse' && size > bytesMax);
  return {
    ...example,
    id,
    content,
    octets,
    isRefused,
    trailers: isChunked && hasTrailers ? trailer.trim() : '',
  };
}

/** Demands what each request's example says. */
function reader(requests: readonly Request[]): RequestFilter {
  return {
    kind: 'Reader',
    async apply(exchange) {
      const request = requests[Number(exchange.request.path.slice(1))];
      assert.ok(request !== undefined);
      for (const demand of request.demands) {
        const content = await exchange.content(demand);
        if ('kind' in content) return content;
        request.got.push({ ...content, octets: Buffer.from(content.octets) });
        for (let turn = 0; turn < request.turns; turn += 1) {
          await new Promise((resolve) => void setImmediate(resolve));
        }
      }
      return null;
    },
  };
}

function checkFilter({ content, demands, got }: Request): void {
  for (const [at, { octets, isWhole }] of got.entries()) {
    const { bytesMax = 0 } = demands[at] ?? {};
    assert.equal(octets.toString('latin1'), content.slice(0, bytesMax));
    assert.equal(isWhole, content.length <= bytesMax);
  }
}

it('what a filter sees of content is what its backend gets', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anExample, { minLength: 1, maxLength: 4 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
      async (examples, cuts) => {
        const requests = examples.map((example, id): Request => ({ ...requestOf(example, id), got: [] }));
        await using backend = await aRawBackend();
        using dataPlane = await givenDataPlane([backend.port], {
          rule: (cluster) =>
            aRule(cluster, {
              requestFilters: [reader(requests)],
              action: aForward(aBackend(cluster), { retry: aRetry({ attempts: 1 }) }),
            }),
        });
        using client = await aRawClient(dataPlane.port);
        const octets = requests.map((request) => request.octets).join('');
        let from = 0;
        for (const at of [...cuts, 1]
          .map((cut) => Math.floor(cut * octets.length))
          .toSorted((a, b) => a - b)) {
          client.send(octets.slice(from, at));
          await new Promise((resolve) => void setImmediate(resolve));
          from = at;
        }
        const finals = () =>
          readAnswers(client.received().replaceAll('HTTP/1.1 100 Continue\r\n\r\n', '')).answers;
        const refused = requests.findIndex(({ isRefused }) => isRefused);
        const wanted = refused === -1 ? requests.length : refused + 1;
        await client.until(() => finals().length >= wanted);
        const statuses = finals().map(({ status }) => status);
        for (const [id, status] of statuses.entries()) {
          assert.equal(status, requests[id]?.isRefused === true ? 413 : 200);
        }
        const { seen } = backend;
        const passed = requests.filter(({ isRefused }) => !isRefused).slice(0, seen.length);
        assert.ok(seen.length >= (refused === -1 ? requests.length : refused));
        assert.deepEqual(
          seen.map(({ requestLine, body, trailers }) => [requestLine, body, trailers]),
          passed.map(({ method, id, content, trailers }) => [`${method} /${id} HTTP/1.1`, content, trailers]),
        );
        assert.equal(backend.rest(), '');
        for (const request of requests) checkFilter(request);
      },
    ),
    { numRuns: 150 },
  );
});
