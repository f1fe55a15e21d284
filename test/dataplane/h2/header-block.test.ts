// What RFC 9113 section 8 allows in a header block, and what it calls malformed.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fields } from '#dataplane/http/fields.ts';
import {
  type BlockFailure,
  type BlockRules,
  HeaderBlockReader,
  BlockSection,
} from '#dataplane/h2/header-block.ts';
import { HpackDecoder } from '#dataplane/h2/hpack-decoder.ts';
import { HpackEncoder } from '#dataplane/h2/hpack-encoder.ts';
import { hex, type Line } from './hpack-given.ts';

const rules: BlockRules = { listBytesMax: 4096, fieldsMax: 20, extendedConnect: true };

function reader(changed: Partial<BlockRules> = {}): HeaderBlockReader {
  return new HeaderBlockReader(new HpackDecoder(4096), { ...rules, ...changed }, new BlockSection());
}

function blockOf(lines: readonly Line[]): Buffer {
  const encoder = new HpackEncoder();
  for (const [name, value] of lines) encoder.field(name, value);
  return encoder.take();
}

function linesOf(fields: Fields): Line[] {
  return Array.from({ length: fields.size }, (_, line) => [fields.nameAt(line), fields.valueAt(line)]);
}

const get: Line[] = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/a?b'],
  [':authority', 'a.example:8443'],
];

/** A GET with other pseudo-header fields in their place, '' for none, and fields behind. */
function getWith(changed: Readonly<Record<string, string | null>>, ...fields: Line[]): Line[] {
  const pseudo = { ...Object.fromEntries(get), ...changed };
  const kept = Object.entries(pseudo).filter((entry): entry is [string, string] => entry[1] !== null);
  return [...kept, ...fields];
}

describe('a request', () => {
  const readOf = (
    lines: readonly Line[],
  ): Exclude<ReturnType<HeaderBlockReader['request']>, BlockFailure> => {
    const read = reader().request(blockOf(lines));
    assert.ok(typeof read === 'object');
    return read;
  };

  it('has its pseudo-header fields beside its fields', () => {
    const { pseudo, fields, contentLength, hasUnderscore } = readOf([
      ...get,
      ['accept', '*/*'],
      ['x-custom', 'a\tb \u00e9'],
      ['empty', ''],
      ['te', 'trailers'],
    ]);
    assert.deepEqual(pseudo, {
      method: 'GET',
      scheme: 'https',
      authority: 'a.example:8443',
      path: '/a?b',
      protocol: null,
    });
    assert.deepEqual(linesOf(fields), [
      ['accept', '*/*'],
      ['x-custom', 'a\tb \u00e9'],
      ['empty', ''],
      ['te', 'trailers'],
    ]);
    assert.equal(contentLength, -1);
    assert.equal(hasUnderscore, false);
  });

  it('may name its host in either place', () => {
    const { pseudo, fields } = readOf(getWith({ ':authority': null }, ['host', 'a.example']));
    assert.equal(pseudo.authority, null);
    assert.equal(fields.get('host'), 'a.example');
  });

  it('has the crumbs of its cookies joined', () => {
    const { fields } = readOf([...get, ['cookie', 'a=b'], ['x', 'y'], ['cookie', 'c=d'], ['cookie', 'e=f']]);
    assert.deepEqual(linesOf(fields), [
      ['x', 'y'],
      ['cookie', 'a=b; c=d; e=f'],
    ]);
    assert.equal(readOf([...get, ['cookie', 'a=b']]).fields.get('cookie'), 'a=b');
  });

  it('tells of its length and of underscores', () => {
    const { contentLength, hasUnderscore } = readOf([...get, ['content-length', '1234'], ['x_y', '1']]);
    assert.equal(contentLength, 1234);
    assert.equal(hasUnderscore, true);
    assert.equal(readOf([...get, ['content-length', '0']]).contentLength, 0);
  });

  it('may be OPTIONS *', () => {
    assert.equal(readOf(getWith({ ':method': 'OPTIONS', ':path': '*' })).pseudo.path, '*');
  });

  it('may be CONNECT', () => {
    const connect: Line[] = [
      [':method', 'CONNECT'],
      [':authority', 'a.example:443'],
    ];
    assert.deepEqual(readOf(connect).pseudo, {
      method: 'CONNECT',
      scheme: '',
      authority: 'a.example:443',
      path: '',
      protocol: null,
    });
  });

  it('may be an extended CONNECT (RFC 8441)', () => {
    const lines = getWith({ ':method': 'CONNECT', ':protocol': 'websocket' });
    assert.equal(readOf(lines).pseudo.protocol, 'websocket');
    assert.equal(reader({ extendedConnect: false }).request(blockOf(lines)), 'Malformed');
  });
});

describe('a malformed request', () => {
  const cases: Record<string, readonly Line[]> = {
    'without :method': getWith({ ':method': null }),
    'without :scheme': getWith({ ':scheme': null }),
    'without :path': getWith({ ':path': null }),
    'without :authority or Host': getWith({ ':authority': null }),
    'with an empty Host': [...get, ['host', '']],
    'with Host twice': [...get, ['host', 'a.example:8443'], ['host', 'a.example:8443']],
    'without anything': [],
    'with :method twice': [...get, [':method', 'GET']],
    'with :scheme twice': [[':scheme', 'https'], ...get],
    'with :path twice': [[':path', '/'], ...get],
    'with :authority twice': [...get, [':authority', 'a.example:8443']],
    'with :status': [...get, [':status', '200']],
    'with an unknown pseudo-header field': [...get, [':test', 'a']],
    'with a colon for a name': [...get, [':', 'a']],
    'with a pseudo-header field behind a field': [['x', 'y'], ...get],
    'with an empty :path': getWith({ ':path': '' }),
    'with a :path that is not absolute': getWith({ ':path': 'a' }),
    'with a whole URL for :path': getWith({ ':path': 'https://a.example/' }),
    'with a line end in :path': getWith({ ':path': '/ HTTP/1.1\r\nhost: b\r\n\r\n' }),
    'with :path * and GET': getWith({ ':path': '*' }),
    'with an empty :method': getWith({ ':method': '' }),
    'with a request line in :method': getWith({ ':method': 'GET / HTTP/1.1\r\nx: ' }),
    'with a blank in :method': getWith({ ':method': 'GET /admin' }),
    'with an empty :scheme': getWith({ ':scheme': '' }),
    'with an empty :authority': getWith({ ':authority': '' }),
    'with a line end in :authority': getWith({ ':authority': 'a\r\nx: y' }),
    'with :protocol and GET': getWith({ ':protocol': 'websocket' }),
    'with an empty :protocol': getWith({ ':method': 'CONNECT', ':protocol': '' }),
    'CONNECT with :path': getWith({ ':method': 'CONNECT', ':scheme': null }),
    'CONNECT with :scheme': getWith({ ':method': 'CONNECT', ':path': null }),
    'CONNECT without :authority': [[':method', 'CONNECT']],
    'extended CONNECT without :authority': getWith({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':authority': null,
    }),
    'with Connection': [...get, ['connection', 'close']],
    'with Keep-Alive': [...get, ['keep-alive', 'timeout=5']],
    'with Proxy-Connection': [...get, ['proxy-connection', 'close']],
    'with Transfer-Encoding': [...get, ['transfer-encoding', 'chunked']],
    'with Upgrade': [...get, ['upgrade', 'websocket']],
    'with TE other than trailers': [...get, ['te', 'trailers, deflate']],
    'with an empty TE': [...get, ['te', '']],
    'with an empty name': [...get, ['', 'x']],
    'with two lengths': [...get, ['content-length', '1'], ['content-length', '1']],
    'with a list of lengths': [...get, ['content-length', '1, 1']],
    'with a signed length': [...get, ['content-length', '+1']],
    'with a length in hexadecimal': [...get, ['content-length', '0x1']],
    'with an empty length': [...get, ['content-length', '']],
    'with a length beyond all numbers': [...get, ['content-length', '9'.repeat(16)]],
  };
  for (const [name, lines] of Object.entries(cases)) {
    it(name, () => {
      const read = reader();
      assert.equal(read.request(blockOf(lines)), 'Malformed');
      assert.notEqual(read.fault, '');
      // the connection goes on
      assert.equal(typeof read.request(blockOf(get)), 'object');
    });
  }

  it('with what comes from the static table alone', () => {
    // :authority, content-length and transfer-encoding without a value
    for (const index of ['81', '9c', 'b9'])
      assert.equal(reader().request(Buffer.concat([hex('828784'), hex(index)])), 'Malformed');
  });

  it('with any octet in a name that is no token in lower case', () => {
    for (let octet = 0; octet < 256; octet += 1) {
      const character = String.fromCharCode(octet);
      const isRight = /[!#$%&'*+\-.^_`|~0-9a-z]/u.test(character);
      for (const name of [`x${character}`, `${character}x`, `x${character}x`]) {
        const read = reader().request(blockOf([...get, [name, 'y']]));
        assert.equal(typeof read === 'object', isRight, `octet ${octet} in ${JSON.stringify(name)}`);
      }
    }
  });

  it('with any octet in a value that no field may have', () => {
    for (let octet = 0; octet < 256; octet += 1) {
      const character = String.fromCharCode(octet);
      const isRight = octet === 9 || (octet >= 32 && octet !== 127);
      // in Huffman code, and not
      for (const value of [`x${character}x`, `~~~~${character}~~~~`]) {
        const read = reader().request(blockOf([...get, ['x', value]]));
        assert.equal(typeof read === 'object', isRight, `octet ${octet}`);
      }
      for (const value of [`${character}x`, `x${character}`, character]) {
        const read = reader().request(blockOf([...get, ['x', value]]));
        assert.equal(
          typeof read === 'object',
          isRight && octet !== 9 && octet !== 32,
          `octet ${octet} at an end`,
        );
      }
    }
  });

  it('is malformed again each time its field comes from the table', () => {
    const read = reader();
    assert.equal(read.request(hex('82 87 84 0101 61 40 0158 0179')), 'Malformed');
    assert.equal(read.request(hex('82 87 84 0101 61 be')), 'Malformed');
    // a field that takes its name from there
    assert.equal(read.request(hex('82 87 84 0101 61 7e 017a')), 'Malformed');
    assert.equal(typeof read.request(hex('82 87 84 0101 61')), 'object');
  });

  it('does not spoil a name whose value alone was wrong', () => {
    const read = reader();
    assert.equal(read.request(hex('82 87 84 0101 61 40 0178 010a')), 'Malformed');
    const next = read.request(hex('82 87 84 0101 61 7e 017a'));
    assert.ok(typeof next === 'object');
    assert.equal(next.fields.get('x'), 'z');
  });
});

describe('an answer', () => {
  it('has a status and fields', () => {
    const read = reader().response(
      blockOf([
        [':status', '404'],
        ['content-length', '5'],
        ['set-cookie', 'a'],
      ]),
    );
    assert.ok(typeof read === 'object');
    assert.equal(read.status, 404);
    assert.equal(read.contentLength, 5);
    assert.deepEqual(linesOf(read.fields), [
      ['content-length', '5'],
      ['set-cookie', 'a'],
    ]);
  });

  const malformed: Record<string, readonly Line[]> = {
    'without :status': [['x', 'y']],
    'with :status twice': [
      [':status', '200'],
      [':status', '200'],
    ],
    'with :status behind a field': [
      ['x', 'y'],
      [':status', '200'],
    ],
    'with a pseudo-header field of requests': [
      [':status', '200'],
      [':path', '/'],
    ],
    'with Connection': [
      [':status', '200'],
      ['connection', 'close'],
    ],
    'with a line end in a value': [
      [':status', '200'],
      ['x', 'a\r\nset-cookie: b'],
    ],
  };
  for (const [name, lines] of Object.entries(malformed))
    it(`${name} is malformed`, () => assert.equal(reader().response(blockOf(lines)), 'Malformed'));

  it('has a status of one of five classes, and never 101', () => {
    const statusOf = (status: string): unknown => {
      const read = reader().response(blockOf([[':status', status]]));
      return typeof read === 'object' ? read.status : read;
    };
    for (const status of [100, 103, 200, 599]) assert.equal(statusOf(`${status}`), status);
    for (const status of ['', '20', '099', '101', '0200', '2000', '600', '999', '+20', ' 200', '20x'])
      assert.equal(statusOf(status), 'Malformed', status);
  });
});

describe('a trailer section', () => {
  it('has fields and no pseudo-header field', () => {
    const read = reader().trailers(blockOf([['grpc-status', '0']]));
    assert.ok(typeof read === 'object');
    assert.deepEqual(linesOf(read), [['grpc-status', '0']]);
    assert.equal(reader().trailers(blockOf([[':status', '200']])), 'Malformed');
    assert.equal(reader().trailers(blockOf([[':path', '/']])), 'Malformed');
    assert.equal(reader().trailers(blockOf([['connection', 'x']])), 'Malformed');
  });
});

describe('failures', () => {
  it('of compression come before all others', () => {
    assert.equal(reader({ fieldsMax: 1 }).request(hex('82 84 80')), 'CompressionError');
    assert.equal(reader().request(Buffer.concat([blockOf([['X', 'y']]), hex('80')])), 'CompressionError');
  });

  it('of size count each crumb of a cookie', () => {
    const crumbs: Line[] = Array.from({ length: 17 }, () => ['cookie', 'a=b']);
    assert.equal(reader().request(blockOf([...get, ...crumbs])), 'TooLarge');
    assert.equal(typeof reader().request(blockOf([...get, ...crumbs.slice(1)])), 'object');
    const bytes = [...get, ...crumbs].reduce(
      (sum, [name, value]) => sum + name.length + value.length + 32,
      0,
    );
    const just = { fieldsMax: 100, listBytesMax: bytes };
    assert.equal(typeof reader(just).request(blockOf([...get, ...crumbs])), 'object');
    assert.equal(
      reader({ ...just, listBytesMax: bytes - 1 }).request(blockOf([...get, ...crumbs])),
      'TooLarge',
    );
  });

  it('leave nothing of one block to the next', () => {
    const read = reader();
    const first = read.request(
      blockOf([...get, ['x_y', 'z'], ['content-length', '1'], ['cookie', 'a'], ['cookie', 'b']]),
    );
    assert.ok(typeof first === 'object');
    assert.equal(read.request(blockOf([...get, ['X', 'y']])), 'Malformed');
    const next = read.request(blockOf(getWith({ ':authority': null }, ['host', 'b'])));
    assert.ok(typeof next === 'object');
    assert.deepEqual(next, {
      pseudo: { method: 'GET', scheme: 'https', authority: null, path: '/a?b', protocol: null },
      fields: next.fields,
      contentLength: -1,
      hasUnderscore: false,
    });
    assert.deepEqual(linesOf(next.fields), [['host', 'b']]);
    assert.equal(first.fields.size, 3, 'what was handed out has changed');
  });
});
