import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { EarlyContent } from '#dataplane/http/early-content.ts';

/** What it may hold in vain. */
const slackMax = 16 * 1024;

describe('content that is kept', () => {
  it('is all of it, in order, and what was told is not overwritten', () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 0, max: 40_000 }) },
        { weight: 1, arbitrary: fc.constantFrom('octets', 'take', 'clear') },
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(steps, fc.boolean(), (all, begun) => {
        const first = begun ? Buffer.from('what came') : Buffer.alloc(0);
        const kept = new EarlyContent(first);
        let expected = Buffer.from(first);
        let next = 0;
        const told: [Buffer, Buffer][] = [];
        for (const step of all) {
          if (typeof step === 'number') {
            const data = Buffer.alloc(step, (next += 1));
            kept.push(data);
            expected = Buffer.concat([expected, data]);
            data.fill(0);
          } else {
            if (step !== 'clear') told.push([step === 'take' ? kept.take() : kept.octets, expected]);
            if (step === 'clear') kept.clear();
            if (step !== 'octets') expected = Buffer.alloc(0);
          }
          assert.equal(kept.size, expected.length);
        }
        for (const [octets, then] of [...told, [kept.octets, expected] as const]) {
          assert.ok(octets.equals(then));
        }
      }),
    );
  });

  it('is held once: so much memory, and the last of its blocks', () => {
    for (const piece of [1, 100, 4096, 16_384, 65_536, 100_000]) {
      const kept = new EarlyContent();
      for (let size = 0; size < 1_000_000; size += piece) {
        kept.push(Buffer.alloc(piece));
        assert.ok(kept.held >= kept.size);
        assert.ok(kept.held <= kept.size + Math.min(kept.size, slackMax), `${piece}: ${kept.held}`);
      }
      const { octets } = kept;
      assert.equal(octets.length, kept.size);
      assert.equal(octets.buffer.byteLength, kept.size, 'nothing beside it');
      assert.equal(kept.held, kept.size);
      kept.clear();
      assert.equal(kept.held, 0);
    }
  });
});
