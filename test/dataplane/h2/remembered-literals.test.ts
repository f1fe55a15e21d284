// An encoder that remembers writes what one writes that does not, however often it is told the same.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { Fields } from '#dataplane/http/fields.ts';
import { HpackEncoder } from '#dataplane/h2/hpack-encoder.ts';
import { RememberedLiterals } from '#dataplane/h2/remembered-literals.ts';

/** Few, so that they come again; some that share a place, one that is too long, one that is a secret. */
const values = ['', 'a', 'b', 'application/grpc', 'application/grpd', 'x'.repeat(300), '/'];
const lines = fc.array(
  fc.tuple(fc.constantFrom('x', 'x-y', 'te', 'cookie', 'accept'), fc.constantFrom(...values)),
  { maxLength: 12 },
);

function blockOf(encoder: HpackEncoder, path: string, list: readonly (readonly [string, string])[]) {
  const fields = new Fields();
  for (const [name, value] of list) fields.append(name, value, name.toUpperCase());
  encoder.pseudo(':method', 'GET');
  encoder.pseudo(':path', path);
  encoder.pseudo(':authority', path);
  encoder.fields(fields);
  const octets = encoder.take();
  return { octets, listBytes: encoder.listBytes };
}

it('whatever was said before', () => {
  const encoder = new HpackEncoder();
  fc.assert(
    fc.property(fc.constantFrom('/a', '/b', 'GET', '200'), lines, (path, list) => {
      const expected = blockOf(new HpackEncoder(), path, list);
      for (let time = 0; time < 3; time += 1) assert.deepEqual(blockOf(encoder, path, list), expected);
    }),
    { numRuns: 500 },
  );
});

it('what comes twice in a row is remembered, and by nothing else driven out that comes once', () => {
  const remembered = new RememberedLiterals();
  const octets = Buffer.from('octets');
  const said = (text: string): string => {
    const to = Buffer.alloc(200);
    return to.toString('latin1', 0, remembered.copy('x', text, to, 0));
  };
  remembered.note('x', 'x: value\r\n', octets);
  assert.equal(said('x: value\r\n'), '');
  remembered.note('x', 'x: value\r\n', octets);
  assert.equal(said('x: value\r\n'), 'octets');
  assert.equal(said('x: valuf\r\n'), '');
  assert.equal(remembered.copy('y', 'x: value\r\n', Buffer.alloc(200), 0), 0);
  for (let other = 0; other < 10_000; other += 1)
    remembered.note('x', `x: ${other}\r\n`, Buffer.from('others'));
  assert.equal(said('x: value\r\n'), 'octets');
});
