// Our HPACK and header blocks against nghttp2 (as Node has it): what we accept it must accept as the same, and both
// must find the same faults of compression, or the two ends' tables part. What it takes and we do not is our strictness.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { seed } from './fuzz-length.ts';
import { BlockSection, HeaderBlockReader } from '#dataplane/h2/header-block.ts';
import { HpackDecoder } from '#dataplane/h2/hpack-decoder.ts';
import { HpackEncoder } from '#dataplane/h2/hpack-encoder.ts';
import { decoded, hex } from '#test/dataplane/h2/hpack-given.ts';
import { blocks } from './h2-blocks.ts';
import { BlockSource } from './h2-node-client.ts';
import { type Line, ReferenceReader } from './h2-reference.ts';

/** For the three comparisons below together. */
const seconds = Number(process.env['TURNPIKE_FUZZ_SECONDS'] ?? 2);
const asLongAs = {
  numRuns: Infinity,
  ...seed(),
  interruptAfterTimeLimit: Math.max(1000, (seconds * 1000) / 3),
  markInterruptAsFailure: false,
};

type Ours = {
  readonly outcome: 'Accepted' | 'Malformed' | 'CompressionError';
  readonly lines: readonly Line[];
};

/** How ours reads a connection's blocks. */
class OurReader {
  readonly #decoder = new HpackDecoder(4096);
  readonly #reader = new HeaderBlockReader(
    new HpackDecoder(4096),
    { listBytesMax: 1_000_000, fieldsMax: 1000, extendedConnect: false },
    new BlockSection(),
  );

  read(block: Buffer): Ours {
    const lines: Line[] = [];
    const outcome = this.#decoder.decode(
      block,
      { listBytesMax: Infinity, fieldsMax: Infinity },
      { field: ({ name, value }) => void lines.push([name.text, value]) },
    );
    const read = this.#reader.request(block);
    assert.equal(read === 'CompressionError', outcome === 'Malformed');
    if (typeof read === 'object') return { outcome: 'Accepted', lines };
    assert(read !== 'TooLarge');
    return { outcome: read, lines };
  }
}

/** The listener reads these whole, as HTTP/1.1's, and answers 400; nghttp2 resets streams or drops fields for some octets. */
function hasOddTarget(lines: readonly Line[]): boolean {
  const plain: Readonly<Record<string, RegExp>> = {
    ':scheme': /^[a-z]+$/u,
    ':authority': /^[\w.:-]+$/u,
    host: /^[\w.:-]+$/u,
    ':path': /^[\w./?=&-]+$/u,
  };
  return lines.some(([name, value]) => plain[name]?.test(value) === false);
}

async function compare(connection: readonly Buffer[], seen: Record<Ours['outcome'], number>): Promise<void> {
  const ours = new OurReader();
  const theirs = new ReferenceReader();
  try {
    for (const block of connection) {
      const our = ours.read(block);
      const their = await theirs.read(block);
      seen[our.outcome] += 1;
      const context = block.toString('hex');
      assert.notEqual(their, 'Failed', context);
      assert.equal(our.outcome === 'CompressionError', their === 'CompressionError', context);
      if (our.outcome === 'Accepted' && !hasOddTarget(our.lines)) assert.deepEqual(their, our.lines, context);
      if (our.outcome === 'CompressionError') return;
    }
  } finally {
    theirs.close();
  }
}

describe('header blocks of all forms', () => {
  it('are the same to nghttp2', async () => {
    const seen = { Accepted: 0, Malformed: 0, CompressionError: 0 };
    await fc.assert(
      fc.asyncProperty(blocks, (connection) => compare(connection, seen)),
      asLongAs,
    );
    assert.ok(Math.min(...Object.values(seen)) > 5, JSON.stringify(seen));
  });

  it('have been the same since they once were not', async () => {
    const seen = { Accepted: 0, Malformed: 0, CompressionError: 0 };
    const corpus: unknown = JSON.parse(
      readFileSync(path.join(import.meta.dirname, 'h2-blocks.json'), 'utf8'),
    );
    assert.ok(Array.isArray(corpus) && corpus.length > 0);
    for (const { blocks } of corpus) await compare(blocks.map(hex), seen);
  });
});

const text = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 60 }),
  fc.string({
    unit: fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)),
    maxLength: 30,
  }),
  fc.nat(5000).map((length) => 'a~'.repeat(length)),
);
/** What may stand in a field: no controls, no blank at an end. */
const value = text.map((text) => text.replaceAll(/\p{Cc}/gu, '-').trim());
const name = fc.constantFrom(
  'accept',
  'user-agent',
  'authorization',
  'x-a',
  'x-b',
  'x-c',
  'grpc-timeout',
  'range',
);
const fields = fc.array(fc.tuple(name, value), { maxLength: 8 });

describe('what we encode', () => {
  it('is the same to nghttp2, also when it has no table', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fields, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (heads, hasTable) => {
          const theirs = new ReferenceReader(hasTable ? {} : { headerTableSize: 0 });
          if (!hasTable) theirs.sayNoTable();
          const encoder = new HpackEncoder();
          try {
            for (const lines of heads) {
              const pseudo: Line[] = [
                [':method', 'GET'],
                [':scheme', 'http'],
                [':path', `/${lines.length}`],
                [':authority', 'a.example'],
              ];
              for (const [name, value] of pseudo) encoder.pseudo(name, value);
              for (const [name, value] of lines) encoder.field(name, value);
              assert.deepEqual(await theirs.read(encoder.take()), [...pseudo, ...lines]);
            }
          } finally {
            theirs.close();
          }
        },
      ),
      asLongAs,
    );
  });

  it('has to say that no table is used to a peer that has none', async () => {
    const theirs = new ReferenceReader({ headerTableSize: 0 });
    assert.equal(typeof (await theirs.read(hex('828684 0101 61'))), 'object', 'before it is settled');
    assert.equal(await theirs.read(hex('828684 0101 61')), 'CompressionError');
    theirs.close();
  });
});

describe('what Node encodes', () => {
  it('is the same to us, whatever the tables that we offer', async () => {
    const sizes = fc.constantFrom(0, 100, 4096, 8192, 16_384);
    const step = fc.record({ offers: fc.array(sizes, { maxLength: 2 }), lines: fields });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        const source = new BlockSource(16_384);
        // what is offered at most is what a decoder must have
        const decoder = new HpackDecoder(16_384);
        try {
          for (const { offers, lines } of steps) {
            await source.offer(...offers);
            const unique = Object.fromEntries(lines);
            const block = await source.blockOf({ ':authority': 'a.example', ':path': '/a', ...unique });
            const told = decoded(decoder, block);
            assert.ok(Array.isArray(told), String(told));
            assert.deepEqual(Object.fromEntries(told), {
              ':method': 'GET',
              ':scheme': 'http',
              ':authority': 'a.example',
              ':path': '/a',
              ...unique,
            });
          }
        } finally {
          source.close();
        }
      }),
      asLongAs,
    );
  });
});
