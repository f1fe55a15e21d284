// Our parser against llhttp (Node's own), and against itself with its octets split anywhere: what we accept, llhttp
// must accept as the same requests; what llhttp accepts and we do not is our strictness.
import assert from 'node:assert/strict';
import { createServer, METHODS } from 'node:http';
import { duplexPair } from 'node:stream';
import { it } from 'node:test';
import fc from 'fast-check';
import { HeadScanner } from '#dataplane/http/head-scanner.ts';
import { RequestParser } from '#dataplane/listen/http1/request-parser.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import { fuzzLength } from './fuzz-length.ts';
import { requestCorpus } from './http1-corpus.ts';

interface Read {
  readonly method: string;
  readonly fields: readonly string[];
  body: string;
  whole: boolean;
}

interface Reading {
  readonly requests: readonly Read[];
  readonly refused: boolean;
  /** Nothing is left over: the octets are whole requests. */
  readonly clean: boolean;
}

/** How our parser reads `octets` that come in pieces cut at `cuts`. */
function readByUs(octets: string, cuts: readonly number[]): Reading {
  const requests: Read[] = [];
  let refused = false;
  const parser = new RequestParser(
    new HeadScanner({ bytesMax: 16_384, fieldsMax: 100, underscores: 'Refuse' }),
    8_192,
    {
      requestHead: ({ method, fields }) =>
        void requests.push({ method, fields: received(fields), body: '', whole: false }),
      contentData(data) {
        const last = requests.at(-1);
        if (last !== undefined) last.body += data.toString('latin1');
      },
      requestEnd() {
        const last = requests.at(-1);
        if (last !== undefined) last.whole = true;
      },
      requestFailed: () => (refused = true),
    },
  );
  for (const piece of piecesOf(octets, cuts)) {
    let at = 0;
    while (at < piece.length && at !== -1) {
      if (parser.ended) parser.next();
      at = parser.parse(piece, at);
    }
    if (at === -1) break;
  }
  return { requests, refused, clean: !refused && (parser.ended || parser.atStart) };
}

function received(fields: Fields): string[] {
  return Array.from({ length: fields.size }, (_, line) => [
    (fields.flat[line * 2 + 1] ?? '').slice(0, fields.nameAt(line).length),
    fields.valueAt(line),
  ]).flat();
}

function piecesOf(octets: string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(octets, 'latin1');
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const bounds = [0, ...places, bytes.length];
  return bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end));
}

/** How llhttp reads them. */
async function readByNode(octets: string): Promise<Reading> {
  const requests: Read[] = [];
  let refused = false;
  const over = Promise.withResolvers<void>();
  const server = createServer({ keepAliveTimeout: 0, insecureHTTPParser: false });
  server.on('request', (request, response) => {
    const read: Read = { method: request.method ?? '', fields: request.rawHeaders, body: '', whole: false };
    requests.push(read);
    request.setEncoding('latin1');
    request.on('data', (data: string) => (read.body += data));
    request.on('end', () => {
      read.whole = true;
      response.end();
    });
    request.on('error', () => {});
  });
  // what it leaves to the application by an event of its own is accepted all the same
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('clientError', (_error, socket) => {
    refused = true;
    socket.destroy();
    over.resolve();
  });
  const [client, side] = duplexPair();
  client.resume();
  side.on('close', () => over.resolve());
  client.on('end', () => over.resolve());
  server.emit('connection', side);
  client.end(Buffer.from(octets, 'latin1'));
  await over.promise;
  client.destroy();
  side.destroy();
  return { requests, refused, clean: !refused };
}

const odd = fc.constantFrom(
  ' ',
  '\t',
  '\r',
  '\n',
  '\0',
  '\u000b',
  '\u007f',
  ':',
  ',',
  ';',
  '\u00e9',
  '_',
  '"',
  '+',
  '0',
  '\r\n',
  '\r\n ',
  '\n\n',
  '\r\r\n',
);
const line = fc.constantFrom(
  'Host: a',
  'Host: b',
  'host:a:80',
  'Content-Length: 5',
  'Content-Length: 0',
  'content-length:3',
  'Content-Length: 05',
  'Transfer-Encoding: chunked',
  'transfer-encoding:\tChunked',
  'Transfer-Encoding: gzip',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: x, Upgrade',
  'X: y',
  'X-Empty:',
  'X: \u00e9',
  'Accept: a, b;q=1',
  'Expect: 100-continue',
  'Cookie: a=b; c=d',
  'Trailer: X',
);
const content = fc.constantFrom(
  '',
  'hello',
  'abc',
  '0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n',
  '05\r\nhello\r\n00\r\n\r\n',
  'A\r\n0123456789\r\n0\r\n\r\n',
  'g\r\n',
  '5\r\nhell\r\n0\r\n\r\n',
);
const request = fc
  .record({
    start: fc.constantFrom(
      'GET / HTTP/1.1',
      'POST /a?b HTTP/1.1',
      'PUT /%41 HTTP/1.1',
      'GET / HTTP/1.0',
      'HEAD http://a/ HTTP/1.1',
      'OPTIONS * HTTP/1.1',
      'DELETE /x HTTP/1.1',
      'GET / HTTP/1.2',
    ),
    lines: fc.array(line, { maxLength: 5 }),
    content,
  })
  .map(
    ({ start, lines, content: octets }) => `${[start, 'Host: a', ...lines].join('\r\n')}\r\n\r\n${octets}`,
  );
/** One or a few requests, spoilt in up to two places. */
const stream = fc
  .record({
    requests: fc.array(request, { minLength: 1, maxLength: 3 }),
    spoils: fc.array(fc.record({ at: fc.nat(400), by: odd, over: fc.nat(2) }), { maxLength: 2 }),
  })
  .map(({ requests, spoils }) =>
    spoils.reduce((octets, { at, by, over }) => {
      const place = at % octets.length;
      return octets.slice(0, place) + by + octets.slice(place + over);
    }, requests.join('')),
  );

it('octets split anywhere are the same requests', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat(2_000), { maxLength: 12 }), (octets, cuts) => {
      assert.deepEqual(readByUs(octets, cuts), readByUs(octets, []));
    }),
    { ...fuzzLength(2_000, 3), examples: requestCorpus.map((octets): [string, number[]] => [octets, []]) },
  );
});

it('octets split everywhere are the same requests', () => {
  fc.assert(
    fc.property(stream, (octets) => {
      const everywhere = Array.from(octets, (_, at) => at);
      assert.deepEqual(readByUs(octets, everywhere), readByUs(octets, []));
    }),
    { ...fuzzLength(200, 3), examples: requestCorpus.map((octets) => [octets]) },
  );
});

it('what we accept, llhttp accepts as the same', async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(stream, async (octets) => {
      const ours = readByUs(octets, []);
      const wholes = ours.requests.filter(({ whole }) => whole);
      // any token is a method to us, and llhttp knows a list of them
      if (wholes.length === 0 || wholes.some(({ method }) => !METHODS.includes(method))) return;
      accepted += 1;
      const theirs = await readByNode(octets);
      // Connection: close ends what llhttp reads, and an end within a request is an error there
      const common = theirs.requests.slice(0, wholes.length);
      assert.ok(common.length > 0, 'llhttp accepts nothing');
      assert.deepEqual(
        common.filter(({ whole }) => whole),
        wholes.slice(0, common.filter(({ whole }) => whole).length),
      );
      const isEnded = wholes.some(({ fields }) =>
        fields.some((part) => part.toLowerCase().includes('close')),
      );
      const isOld = octets.includes('HTTP/1.0');
      if (ours.clean && !isEnded && !isOld)
        assert.equal(common.filter(({ whole }) => whole).length, wholes.length);
    }),
    { ...fuzzLength(1_500, 3), examples: requestCorpus.map((octets) => [octets]) },
  );
  assert.ok(accepted > 300, `only ${accepted} streams held a request`);
});
