import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeptContent } from '#dataplane/proxy/kept-content.ts';

describe('content that is kept for another attempt', () => {
  it('costs no more than twice its octets, however small its pieces are', () => {
    const kept = new KeptContent();
    for (let at = 0; at < 65_536; at += 1) kept.add(Buffer.from([at & 255]));
    assert.ok(kept.isWhole);
    assert.equal(kept.octets.length, 65_536);
    assert.ok(kept.octets.every((octet, at) => octet === (at & 255)));
    assert.ok(kept.octets.buffer.byteLength <= 2 * 65_536);
  });

  it('is let go of when it is more', () => {
    const kept = new KeptContent();
    kept.add(Buffer.alloc(65_536));
    kept.add(Buffer.alloc(1));
    assert.equal(kept.isWhole, false);
    assert.equal(kept.octets.length, 0);
    kept.add(Buffer.alloc(1));
    assert.equal(kept.octets.length, 0);
  });

  it('is told as it was then, whatever is added later', () => {
    const kept = new KeptContent();
    kept.add(Buffer.from('ab'));
    const told = kept.octets;
    for (let at = 0; at < 100; at += 1) kept.add(Buffer.from('xy'));
    assert.equal(told.toString(), 'ab');
  });
});
