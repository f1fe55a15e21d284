// Our parser of answers against llhttp (Node's client), and against itself with its octets split anywhere: an answer that is
// whole to us must be the same to llhttp; what llhttp takes and we do not is our strictness.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { duplexPair } from 'node:stream';
import { it } from 'node:test';
import fc from 'fast-check';
import { HeadScanner } from '#dataplane/http/head-scanner.ts';
import { ResponseParser } from '#dataplane/upstream/http1/response-parser.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import { fuzzLength } from './fuzz-length.ts';
import { responseCorpus } from './http1-corpus.ts';

/** An answer that came whole: the final one. */
interface Answer {
  status: number;
  fields: readonly string[];
  body: string;
  trailers: readonly string[];
  whole: boolean;
}

const scannerLimits = { bytesMax: 16_384, fieldsMax: 100, underscores: 'Pass' } as const;

/** How our parser reads `octets`, after which the backend ends the connection; cut at `cuts`. Null when refused. */
function readByUs(octets: string, method: string, cuts: readonly number[]): Answer | null {
  const answer: Answer = { status: 0, fields: [], body: '', trailers: [], whole: false };
  const parser = new ResponseParser(new HeadScanner(scannerLimits), {
    responseHead({ status, fields }) {
      answer.status = status;
      answer.fields = linesOf(fields);
    },
    contentData: (data) => void (answer.body += data.toString('latin1')),
    responseEnd(trailers) {
      answer.trailers = trailers === null ? [] : linesOf(trailers);
      answer.whole = true;
    },
  });
  parser.expect(method);
  for (const piece of piecesOf(octets, cuts)) {
    if (parser.ended) break;
    if (parser.parse(piece) === -1) return null;
  }
  if (!parser.ended) parser.finish();
  return answer;
}

function linesOf(fields: Fields): string[] {
  return Array.from({ length: fields.size }, (_, line) => [fields.nameAt(line), fields.valueAt(line)]).flat();
}

function piecesOf(octets: string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(octets, 'latin1');
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const bounds = [0, ...places, bytes.length];
  return bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end));
}

/** How llhttp reads them; null when it refuses the head. */
async function readByNode(octets: string, method: string): Promise<Answer | null> {
  const [ours, side] = duplexPair();
  const over = Promise.withResolvers<void>();
  let answer: Answer | null = null;
  const asked = request({ method, host: 'a', createConnection: () => side });
  asked.on('error', () => over.resolve());
  asked.on('response', (response) => {
    const read: Answer = {
      status: response.statusCode ?? 0,
      fields: lower(response.rawHeaders),
      body: '',
      trailers: [],
      whole: false,
    };
    answer = read;
    response.setEncoding('latin1');
    response.on('data', (data: string) => (read.body += data));
    response.on('error', () => {});
    response.on('close', () => {
      read.whole = response.complete;
      read.trailers = lower(response.rawTrailers);
      over.resolve();
    });
  });
  // A 101 is taken as the end of HTTP: what follows is nobody's answer.
  asked.on('upgrade', () => over.resolve());
  asked.end();
  ours.resume();
  ours.end(Buffer.from(octets, 'latin1'));
  await over.promise;
  ours.destroy();
  side.destroy();
  return answer;
}

function lower(raw: readonly string[]): string[] {
  return raw.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text));
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
);
const line = fc.constantFrom(
  'Content-Length: 5',
  'Content-Length: 0',
  'content-length:3',
  'Content-Length: 05',
  'Transfer-Encoding: chunked',
  'transfer-encoding:\tChunked',
  'Transfer-Encoding: gzip',
  'Connection: close',
  'Connection: keep-alive',
  'Keep-Alive: timeout=5',
  'X: y',
  'X-Empty:',
  'X: \u00e9',
  'Set-Cookie: a=b; Path=/',
  'Trailer: X',
  'X_Y: z',
);
const content = fc.constantFrom(
  '',
  'hello',
  'abc',
  '0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n',
  '05\r\nhello\r\n00\r\n\r\n',
  'g\r\n',
  '5\r\nhell\r\n0\r\n\r\n',
);
const interim = fc.constantFrom(
  '',
  '',
  '',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n',
);
/** An answer, perhaps after an interim one, spoilt in up to two places. */
const stream = fc
  .record({
    interim,
    start: fc.constantFrom(
      'HTTP/1.1 200 OK',
      'HTTP/1.1 404 Not Found',
      'HTTP/1.0 200 OK',
      'HTTP/1.1 204 No Content',
      'HTTP/1.1 304 ',
      'HTTP/1.1 500',
      'HTTP/1.2 200 OK',
    ),
    lines: fc.array(line, { maxLength: 5 }),
    content,
    spoils: fc.array(fc.record({ at: fc.nat(300), by: odd, over: fc.nat(2) }), { maxLength: 2 }),
  })
  .map(({ interim: before, start, lines, content: octets, spoils }) =>
    spoils.reduce(
      (whole, { at, by, over }) => {
        const place = at % whole.length;
        return whole.slice(0, place) + by + whole.slice(place + over);
      },
      `${before}${[start, ...lines].join('\r\n')}\r\n\r\n${octets}`,
    ),
  );
const method = fc.constantFrom('GET', 'GET', 'POST', 'HEAD');
const corpus = responseCorpus.flatMap((octets): [string, string][] => [
  [octets, 'GET'],
  [octets, 'HEAD'],
]);

it('an answer split anywhere is the same answer', () => {
  fc.assert(
    fc.property(stream, method, fc.array(fc.nat(2_000), { maxLength: 12 }), (octets, asked, cuts) => {
      assert.deepEqual(readByUs(octets, asked, cuts), readByUs(octets, asked, []));
    }),
    {
      ...fuzzLength(2_000, 2),
      examples: corpus.map(([octets, asked]) => [octets, asked, Array.from(octets, (_, at) => at)]),
    },
  );
});

it('an answer that is whole to us is the same to llhttp', async () => {
  let whole = 0;
  const compare = async (octets: string, asked: string): Promise<void> => {
    const ours = readByUs(octets, asked, []);
    if (ours === null || !ours.whole || ours.status === 101) return;
    whole += 1;
    assert.deepEqual(await readByNode(octets, asked), ours);
  };
  await fc.assert(fc.asyncProperty(stream, method, compare), { ...fuzzLength(1_000, 2), examples: corpus });
  assert.ok(whole > 200, `only ${whole} were whole`);
});
