// Lists that cannot be read are told, and never taken for lists that revoke nothing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readRevocationBinary, readRevocationText } from '#controller/translate/policies/ways/revocation.ts';
import { givenAuthority } from '#test/given/client-certificate.ts';

/** An element of DER; of a text its Latin-1. */
function der(tag: number, ...content: readonly (Buffer | string)[]): Buffer {
  const all = Buffer.concat(content.map((one) => Buffer.from(one as Buffer)));
  const length = all.length < 0x80 ? [all.length] : [0x82, all.length >> 8, all.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), all]);
}

const sequence = 0x30;
const version = der(0x02, Buffer.of(1));
const signature = der(sequence, der(0x06, Buffer.of(0x2a, 0x03)));
const name = der(sequence);
const time = der(0x17, '260101000000Z');
const entry = der(sequence, der(0x02, Buffer.of(7)), time);
const number = der(sequence, der(0x06, Buffer.of(0x55, 0x1d, 0x14)), der(0x04, 'x'));
const delta = der(
  sequence,
  der(0x06, Buffer.of(0x55, 0x1d, 0x1b)),
  der(0x01, Buffer.of(0xff)),
  der(0x04, 'x'),
);
/** Says that it is longer than it is. */
const torn = Buffer.of(sequence, 9, 0);

function list(...behind: readonly Buffer[]): Buffer {
  const signed = der(sequence, version, signature, name, time, time, ...behind);
  return der(sequence, signed, signature, der(0x03, '\0x'));
}

function kindOf(octets: Buffer): string {
  return readRevocationBinary(octets.toString('base64'), []).kind;
}

describe('a revocation list', () => {
  for (const [what, octets] of Object.entries({
    'with entries and extensions': list(der(sequence, entry), der(0xa0, der(sequence, number))),
    'with extensions alone': list(der(0xa0, der(sequence, number))),
    'of nothing': list(),
  })) {
    it(`${what} is read`, () => assert.equal(kindOf(octets), 'Read'));
  }

  it('says whom it revokes', () => {
    const read = readRevocationBinary(list(der(sequence, entry)).toString('base64'), []);
    assert.ok(read.kind === 'Read' && read.revocation.kind === 'Lists');
    assert.deepEqual(read.revocation.lists[0]?.serials, ['7']);
  });

  for (const [what, octets] of Object.entries({
    'whose entries are torn': list(der(sequence, entry, torn)),
    'with an entry that is torn': list(der(sequence, der(sequence, der(0x02, Buffer.of(7)), torn))),
    'with an entry without a number': list(der(sequence, der(sequence, der(0x02), time))),
    'with an entry without a time': list(der(sequence, der(sequence, der(0x02, Buffer.of(7))))),
    'with entries under another tag': list(der(0x31, entry)),
    'with entries behind its extensions': list(der(0xa0, der(sequence, number)), der(sequence, entry)),
    'with two lists of entries': list(der(sequence, entry), der(sequence, entry)),
    'that is a delta': list(der(sequence, entry), der(0xa0, der(sequence, delta))),
    'whose extensions are torn': list(der(sequence, entry), der(0xa0, der(sequence, delta, torn))),
    'with an extension that is torn': list(der(0xa0, der(sequence, der(sequence, torn)))),
    'whose extensions have another tag': list(der(0xa0, der(0x31, delta))),
    'with an extension under another tag': list(der(0xa0, der(sequence, der(0x31, delta)))),
    'with an entry whose extensions are torn': list(
      der(sequence, der(sequence, der(0x02, Buffer.of(7)), time, der(sequence, torn))),
    ),
    'with more behind it': Buffer.concat([list(der(sequence, entry)), torn]),
    'that is cut': list(der(sequence, entry)).subarray(0, -1),
    'of no octets': Buffer.alloc(0),
  })) {
    it(`${what} is not read`, () => assert.equal(kindOf(octets), 'Invalid'));
  }
});

describe('the signature of a revocation list', () => {
  const octetsIn = (pem: string) => Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const read = (octets: Buffer, authorities: readonly string[]) =>
    readRevocationBinary(octets.toString('base64'), authorities);
  /** `octets` with `from` (hexadecimal) in place of `to`, `times` times from the end on. */
  const changed = (octets: Buffer, from: string, to: string, times: number) => {
    const parts = octets.toString('hex').split(from);
    const [kept, rest] = [parts.slice(0, parts.length - times), parts.slice(-times)];
    return Buffer.from([kept.join(from), ...rest].join(to), 'hex');
  };

  for (const keys of ['EC', 'RSA', 'Ed25519'] as const) {
    it(`is believed where it is by its issuer's key (${keys})`, async () => {
      const [ours, others] = [await givenAuthority('ours', { keys }), await givenAuthority('others')];
      const found = readRevocationText(await ours.revoke(['07']), [others.pem, ours.pem]);
      assert.ok(found.kind === 'Read' && found.revocation.kind === 'Lists');
      assert.deepEqual(found.revocation.lists[0]?.serials, ['7']);
      assert.deepEqual(found.leftOut, []);
    });

    it(`is not by a key of another with the same name (${keys})`, async () => {
      const ours = await givenAuthority('ours');
      const found = readRevocationText(await (await givenAuthority('ours', { keys })).revoke([]), [ours.pem]);
      assert.ok(found.kind === 'Invalid');
      assert.match(found.detail, /list 1, whose signature is not by the authority of that name/u);
    });
  }

  it('counts by either key of an authority that has a new one', async () => {
    const [before, now] = [await givenAuthority('ours'), await givenAuthority('ours')];
    for (const one of [before, now]) {
      assert.equal(readRevocationText(await one.revoke([]), [before.pem, now.pem]).kind, 'Read');
    }
  });

  it('covers every octet', async () => {
    const ours = await givenAuthority('ours');
    const octets = octetsIn(await ours.revoke(['0badcafe']));
    assert.equal(read(octets, [ours.pem]).kind, 'Read');
    assert.equal(read(changed(octets, '0badcafe', '0badcaff', 1), [ours.pem]).kind, 'Invalid');
  });

  it('must be by an algorithm that is taken, the one that is signed', async () => {
    const ours = await givenAuthority('ours');
    const octets = octetsIn(await ours.revoke([]));
    // ECDSA with SHA-256, and with SHA-224
    const [taken, other] = ['2a8648ce3d040302', '2a8648ce3d040301'];
    const found = read(changed(octets, taken, other, 2), [ours.pem]);
    assert.ok(found.kind === 'Invalid');
    assert.match(found.detail, /signed by something else/u);
    const two = read(changed(octets, taken, other, 1), [ours.pem]);
    assert.ok(two.kind === 'Invalid');
    assert.match(two.detail, /is no certificate revocation list/u);
  });

  it('is not asked of lists whose issuer nobody believes: they are left out, and none may be left', async () => {
    const [ours, others] = [await givenAuthority('ours'), await givenAuthority('others')];
    const [own, foreign] = [await ours.revoke(['07']), await others.revoke(['08'])];
    const both = readRevocationText(`${foreign}\n${own}`, [ours.pem]);
    assert.ok(both.kind === 'Read' && both.revocation.kind === 'Lists');
    assert.deepEqual(
      both.revocation.lists.map(({ serials }) => serials),
      [['7']],
    );
    assert.match(both.leftOut.join(';'), /^list 1, [^;]+$/u);
    assert.equal(readRevocationText(foreign, [ours.pem]).kind, 'Invalid');
  });
});

describe('a text of serial numbers', () => {
  for (const text of ['', '\n\n', '# nothing\n', ' # none\n']) {
    it(`without any is not read: ${JSON.stringify(text)}`, () => {
      assert.equal(readRevocationText(text, []).kind, 'Invalid');
    });
  }

  it('revokes nothing where it says so, and nothing else', () => {
    assert.deepEqual(readRevocationText('# as of today\nnone\n', []), {
      kind: 'Read',
      revocation: { kind: 'Serials', serials: [] },
      leftOut: [],
    });
    assert.equal(readRevocationText('none\n01\n', []).kind, 'Invalid');
  });
});
