// Examples of RFC 7541 appendix C, and what a decoder must refuse.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HpackDecoder } from '#dataplane/h2/hpack-decoder.ts';
import { decoded, decodedWithin, hex, type Line } from './hpack-given.ts';

const firstRequest: Line[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'www.example.com'],
];
const requests: Line[][] = [
  firstRequest,
  [...firstRequest, ['cache-control', 'no-cache']],
  [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/index.html'],
    [':authority', 'www.example.com'],
    ['custom-key', 'custom-value'],
  ],
];
const location: Line = ['location', 'https://www.example.com'];
const firstDate: Line = ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'];
const answers: Line[][] = [
  [[':status', '302'], ['cache-control', 'private'], firstDate, location],
  [[':status', '307'], ['cache-control', 'private'], firstDate, location],
  [
    [':status', '200'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
    location,
    ['content-encoding', 'gzip'],
    ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
  ],
];

describe('the examples of RFC 7541', () => {
  it('C.2: single fields', () => {
    const one = (text: string): unknown => decoded(new HpackDecoder(4096), hex(text));
    assert.deepEqual(one('400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572'), [
      ['custom-key', 'custom-header'],
    ]);
    assert.deepEqual(one('040c 2f73 616d 706c 652f 7061 7468'), [[':path', '/sample/path']]);
    assert.deepEqual(one('1008 7061 7373 776f 7264 0673 6563 7265 74'), [['password', 'secret']]);
    assert.deepEqual(one('82'), [[':method', 'GET']]);
  });

  it('C.3: requests without Huffman code', () => {
    const decoder = new HpackDecoder(4096);
    const blocks = [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ];
    assert.deepEqual(
      blocks.map((block) => decoded(decoder, hex(block))),
      requests,
    );
  });

  it('C.4: requests with Huffman code', () => {
    const decoder = new HpackDecoder(4096);
    const blocks = [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ];
    assert.deepEqual(
      blocks.map((block) => decoded(decoder, hex(block))),
      requests,
    );
  });

  it('C.5: answers without Huffman code, from a table of 256 octets', () => {
    const decoder = new HpackDecoder(4096);
    decoded(decoder, hex('3fe101'));
    const blocks = [
      `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133
       2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70
       6c65 2e63 6f6d`,
      '4803 3330 37c1 c0bf',
      `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d
       54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049
       5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e
       3d31`,
    ];
    assert.deepEqual(
      blocks.map((block) => decoded(decoder, hex(block))),
      answers,
    );
  });

  it('C.6: answers with Huffman code, from a table of 256 octets', () => {
    const decoder = new HpackDecoder(4096);
    decoded(decoder, hex('3fe101'));
    const blocks = [
      `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6
       2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
      '4883 640e ffc1 c0bf',
      `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab
       77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f
       9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
    ];
    assert.deepEqual(
      blocks.map((block) => decoded(decoder, hex(block))),
      answers,
    );
  });
});

/** A decoder whose dynamic table holds `a: 1`, then `b: 2`: indices 63 and 62. */
function withTwo(): HpackDecoder {
  const decoder = new HpackDecoder(4096);
  assert.deepEqual(decoded(decoder, hex('40 0161 0131  40 0162 0132')), [
    ['a', '1'],
    ['b', '2'],
  ]);
  return decoder;
}

describe('what a decoder refuses', () => {
  const cases: Record<string, string> = {
    'index 0': '80',
    'the index behind both tables': 'c0',
    'a name whose index is behind both tables': '7f01 0131',
    'an integer without an end': 'ff ff',
    'an integer of more than four octets': 'ff 8080 8080 00',
    'an integer that overflows': 'ff ffff ffff ffff ffff ff7f',
    'a literal without a name': '40',
    'a literal without a value': '40 0161',
    'a name that is longer than the block': '40 0261',
    'a value that is longer than the block': '40 0161 0231',
    'a length without an end': '40 0161 7f',
    'a size above what was announced': '3fe2 1f',
    'a size behind a field': '82 20',
    'EOS within a string': '40 0161 84 ffff ffff',
    'padding of eight ones': '40 0161 82 1fff',
    'padding that is all zeros': '40 0161 81 18',
    'padding that begins with a zero': '40 0161 81 1b',
    'a string in Huffman code that is padding alone, of an octet': '40 0161 81 ff',
    'a code that the end cuts': '40 0161 83 1fff fe',
  };
  for (const [name, block] of Object.entries(cases)) {
    it(name, () => {
      assert.equal(decoded(new HpackDecoder(4096), hex(block)), 'Malformed');
      assert.equal(decoded(new HpackDecoder(4096), hex(`82 ${block}`)), 'Malformed');
    });
  }

  it('nothing of it: padding of seven ones, and none at all', () => {
    assert.deepEqual(decoded(new HpackDecoder(4096), hex('40 0161 81 07')), [['a', '0']]);
    assert.deepEqual(decoded(new HpackDecoder(4096), hex('40 0161 85 00000 00000')), [['a', '00000000']]);
    assert.deepEqual(decoded(new HpackDecoder(4096), hex('40 0161 83 002e 7f')), [['a', '00:']]);
    assert.deepEqual(decoded(new HpackDecoder(4096), hex('40 0161 80')), [['a', '']]);
  });
});

describe('the dynamic table', () => {
  it('has the newest field first, behind the static table', () => {
    assert.deepEqual(decoded(withTwo(), hex('be bf')), [
      ['b', '2'],
      ['a', '1'],
    ]);
    assert.equal(decoded(withTwo(), hex('c0')), 'Malformed');
  });

  it('gives names to literals of all kinds, and only indexed ones enter it', () => {
    const decoder = withTwo();
    // without indexing, never indexed, with indexing
    assert.deepEqual(decoded(decoder, hex('0f30 0133  1f30 0134  7f00 0135')), [
      ['a', '3'],
      ['a', '4'],
      ['a', '5'],
    ]);
    assert.deepEqual(decoded(decoder, hex('be bf c0')), [
      ['a', '5'],
      ['b', '2'],
      ['a', '1'],
    ]);
  });

  it('is emptied by a size of 0, and holds fields again after the next', () => {
    const decoder = withTwo();
    assert.deepEqual(decoded(decoder, hex('20 3fe11f 40 0163 0133')), [['c', '3']]);
    assert.deepEqual(decoded(decoder, hex('be')), [['c', '3']]);
    assert.equal(decoded(decoder, hex('bf')), 'Malformed');
  });

  it('lets the oldest go when it is made smaller, each counted with 32 octets', () => {
    const holds = (size: string, block: string): unknown => {
      const decoder = withTwo();
      assert.deepEqual(decoded(decoder, hex(size)), []);
      return decoded(decoder, hex(block));
    };
    assert.deepEqual(holds('3f25', 'be bf'), [
      ['b', '2'],
      ['a', '1'],
    ]);
    assert.equal(holds('3f24', 'bf'), 'Malformed');
    assert.deepEqual(holds('3f03', 'be'), [['b', '2']]);
    assert.equal(holds('3f02', 'be'), 'Malformed');
  });

  it('is emptied by a field that is larger, which is told all the same', () => {
    const decoder = withTwo();
    const long = '31'.repeat(40);
    assert.deepEqual(decoded(decoder, hex(`3f25 40 0163 28${long}`)), [['c', '1'.repeat(40)]]);
    assert.equal(decoded(decoder, hex('be')), 'Malformed');
  });

  it('takes a name from a field that has to go for it', () => {
    const decoder = withTwo();
    // of 68 octets; the name is that of the oldest
    assert.deepEqual(decoded(decoder, hex('3f25 7f00 0239 39')), [['a', '99']]);
    assert.deepEqual(decoded(decoder, hex('be')), [['a', '99']]);
    assert.equal(decoded(decoder, hex('bf')), 'Malformed');
  });

  it('may be as large as was announced', () => {
    const decoder = new HpackDecoder(8192);
    assert.deepEqual(decoded(decoder, hex('3fe13f')), []);
    const values = Array.from({ length: 200 }, (_, at) => `${at + 100}`);
    const blocks = values.map((value) => `40 0161 03${Buffer.from(value).toString('hex')}`);
    assert.deepEqual(
      decoded(decoder, hex(blocks.join(''))),
      values.map((value) => ['a', value]),
    );
    // 8192 / 36 = 227: all are there, the oldest with index 62 + 199
    assert.deepEqual(decoded(decoder, hex('ff8601')), [['a', '100']]);
    assert.throws(() => new HpackDecoder(4095));
  });
});

describe('limits', () => {
  const block = hex('40 0161 0131  40 0162 0132  40 0163 0133');

  it('tell the fields before them, and fill the table with those behind', () => {
    for (const limits of [
      { listBytesMax: 34 * 2, fieldsMax: 100 },
      { listBytesMax: 34 * 3 - 1, fieldsMax: 100 },
      { listBytesMax: 1000, fieldsMax: 2 },
    ]) {
      const decoder = new HpackDecoder(4096);
      assert.deepEqual(decodedWithin(decoder, block, limits), {
        outcome: 'TooLarge',
        fields: [
          ['a', '1'],
          ['b', '2'],
        ],
      });
      assert.deepEqual(decoded(decoder, hex('be')), [['c', '3']]);
    }
  });

  it('hold for a field, not for those that would still fit behind it', () => {
    const mixed = hex('40 0161 0331 3131  40 0162 0132');
    assert.deepEqual(decodedWithin(new HpackDecoder(4096), mixed, { listBytesMax: 35, fieldsMax: 9 }), {
      outcome: 'TooLarge',
      fields: [],
    });
  });

  it('let through what just fits', () => {
    const { outcome } = decodedWithin(new HpackDecoder(4096), block, { listBytesMax: 34 * 3, fieldsMax: 3 });
    assert.equal(outcome, 'Complete');
  });

  it('do not hide what is malformed behind them', () => {
    const { outcome } = decodedWithin(new HpackDecoder(4096), hex('8282 80'), {
      listBytesMax: 10,
      fieldsMax: 1,
    });
    assert.equal(outcome, 'Malformed');
  });
});
