// What somebody without a key tries with a request that somebody else has signed.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageSignatures } from '#dataplane/filters/authenticate/http-signature/message-signatures.ts';
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import {
  createdS,
  exchangeOf,
  givenSignedWay,
  givenSigner,
  signed,
  usuallyCovered,
} from '#test/given/http-signature.ts';
import { givenAuthentication } from '#test/given/token.ts';
import { gate, told } from '../gate.ts';

const signer = givenSigner('hmac-sha256', 'ada');

function filter(): RequestFilter {
  return gate().filter(givenAuthentication(givenSignedWay()), signer.keySet);
}

type Lines = readonly (readonly [string, string])[];

const fields = [
  ['X-Amount', '10'],
  ['X-Amount', '20'],
] as const;
const signing = {
  target: '/pay?to=bob',
  fields,
  covered: [...usuallyCovered({ target: '/pay?to=bob' }), ['"x-amount"', '10, 20']],
  parameters: `;created=${createdS};expires=${createdS + 60};keyid="ada";nonce="n";tag="t"`,
} as const;
const [input, signature] = signed(signer, signing).map(([, value]) => value);
assert(input !== undefined && signature !== undefined);

async function ask(lines: Lines, target: string = signing.target): Promise<string> {
  return told(await filter().apply(exchangeOf({ ...signing, target, fields: lines })));
}

const good: Lines = [...fields, ['Signature-Input', input], ['Signature', signature]];

/** The good request with one of its lines replaced. */
function having(name: string, ...values: readonly string[]): Lines {
  return [...good.filter(([one]) => one !== name), ...values.map((value) => [name, value] as const)];
}

describe('a request that somebody else has signed', () => {
  it('passes as it was signed, in whichever case its fields are spelt', async () => {
    assert.equal(await ask(good), 'pass');
    assert.equal(await ask(good.map(([name, value]) => [name.toLowerCase(), value])), 'pass');
    assert.equal(await ask(good.map(([name, value]) => [name.toUpperCase(), value])), 'pass');
  });

  it('does not pass with any octet of Signature-Input changed, left out or doubled', async () => {
    for (let at = 0; at < input.length; at += 1) {
      const code = input.charCodeAt(at);
      const changed = String.fromCharCode(code === 0x7e ? 0x21 : code + 1);
      for (const [what, octet] of [
        ['changed', changed],
        ['left out', ''],
        ['doubled', input.charAt(at).repeat(2)],
        ['blank', `${input.charAt(at)} `],
      ] as const) {
        const text: string = `${input.slice(0, at)}${octet}${input.slice(at + 1)}`.trim();
        if (text === input) continue;
        assert.notEqual(await ask(having('Signature-Input', text)), 'pass', `${what}: ${text}`);
      }
    }
  });

  it('does not pass with any octet of Signature changed, left out or doubled', async () => {
    for (let at = 0; at < signature.length; at += 1) {
      for (const octet of [
        signature.charAt(at) === 'A' ? 'B' : 'A',
        '',
        signature.charAt(at).repeat(2),
        '=',
        '-',
      ]) {
        const text: string = `${signature.slice(0, at)}${octet}${signature.slice(at + 1)}`;
        if (text === signature) continue;
        assert.notEqual(await ask(having('Signature', text)), 'pass', text);
      }
    }
  });

  const amounts: readonly (readonly string[])[] = [
    ['20', '10'],
    ['10'],
    ['10,20'],
    ['10', '20', ''],
    ['10', '21'],
    [],
  ];
  for (const values of amounts) {
    it(`does not pass with the amounts ${JSON.stringify(values)}`, async () => {
      assert.notEqual(await ask(having('X-Amount', ...values)), 'pass');
    });
  }

  it('passes with a field in one line that was signed in two: they are one value (RFC 9110 section 5.3)', async () => {
    assert.equal(await ask(having('X-Amount', '10, 20')), 'pass');
  });

  for (const target of [
    '/pay',
    '/pay?to=eve',
    '/pay?to=bob&to=eve',
    '/pay?to=b%6Fb',
    '/pay?to=bob?',
    '/Pay?to=bob',
    '//pay?to=bob',
  ]) {
    it(`does not pass at ${target}`, async () => {
      assert.notEqual(await ask(good, target), 'pass');
    });
  }

  const [list, parameters] = [input.slice(5, input.indexOf(')') + 1), input.slice(input.indexOf(')') + 1)];
  const malformed: readonly (readonly [what: string, input: string, signature?: string])[] = [
    ['a label twice', `${input}, ${input}`],
    ['a label of the signature twice', input, `${signature}, ${signature}`],
    ['no signature of its label', input, signature.replace('sig1', 'sig2')],
    ['a label in upper case', input.replace('sig1', 'SIG1'), signature.replace('sig1', 'SIG1')],
    ['a component twice', input.replace('("@method"', '("@method" "@method"')],
    ['a component in upper case', input.replace('x-amount', 'X-Amount')],
    ['a component that is a token', input.replace('"@method"', '@method')],
    ['a component without a name', input.replace('"@method"', '""')],
    ['a parameter twice', `sig1=${list}${parameters};keyid="ada"`],
    ['created as a text', input.replace(`created=${createdS}`, `created="${createdS}"`)],
    ['created as a fraction', input.replace(`created=${createdS}`, `created=${createdS}.5`)],
    ['created as a whole fraction', input.replace(`created=${createdS}`, `created=${createdS}.0`)],
    ['created as a date', input.replace(`created=${createdS}`, `created=@${createdS}`)],
    ['created with a nought in front', input.replace('created=', 'created=0')],
    ['keyid as a token', input.replace('"ada"', 'ada')],
    ['keyid as octets', input.replace('"ada"', ':YWRh:')],
    ['an item in place of the list', `sig1="@method"${parameters}`],
    ['a list of lists', input.replace('("@method"', '(("@method")')],
    ['a text in place of octets', input, 'sig1="AAAA"'],
    ['octets without padding', input, signature.replace('=:', ':')],
    ['a member without a value', 'sig1', signature],
    ['a comma at the end', `${input},`],
    ['two commas', `${input},, sig2=()`],
    ['a line feed', input.replace(' "@path"', '\n "@path"')],
    ['a tab between components', input.replace(' "@path"', '\t"@path"')],
    ['too many signatures', [1, 2, 3, 4, 5].map((at) => input.replace('sig1', `sig${at}`)).join(', ')],
    [
      'too many components',
      input.replace('(', `(${Array.from({ length: 64 }, (_, at) => `"a${at}"`).join(' ')} `),
    ],
    ['far too much', `sig1=("${'a'.repeat(100_000)}")`],
    ['far too deep', `sig1=${'('.repeat(10_000)}`],
    ['nothing', ''],
  ];
  for (const [what, spelt, other = signature] of malformed) {
    it(`does not pass with ${what}`, async () => {
      // not every one can stand in a field, as listeners see to
      const exchange = exchangeOf({ ...signing, fields });
      exchange.request.fields.appendLine('signature-input', `signature-input: ${spelt}\r\n`);
      exchange.request.fields.appendLine('signature', `signature: ${other}\r\n`);
      assert.equal(told(await filter().apply(exchange)), 'invalid');
    });
  }

  it('does not pass with only one of the two fields', async () => {
    assert.equal(await ask([...fields, ['Signature', signature]]), 'invalid');
    assert.equal(await ask([...fields, ['Signature-Input', input]]), 'invalid');
  });

  it('does not pass with a second list that covers less under the same label in another line', async () => {
    const less = `sig1=("@method" "@authority" "@path" "@query")${parameters}`;
    assert.equal(await ask(having('Signature-Input', less, input)), 'invalid');
    assert.equal(await ask(having('Signature-Input', input, less)), 'invalid');
  });

  it('is refused before long where there is much to read', () => {
    const began = process.hrtime.bigint();
    const texts = [
      Array.from({ length: 2000 }, (_, at) => `a${at}`).join(','),
      `sig1=(${'"a" '.repeat(2000)})`,
      `sig1=()${';a'.repeat(4000)}`,
      `sig1="${'\\"'.repeat(4000)}"`,
      ','.repeat(8000),
      ' '.repeat(8000),
    ];
    for (const text of texts) {
      const { request } = exchangeOf({
        fields: [
          ['Signature-Input', text],
          ['Signature', signature],
        ],
      });
      assert.equal(messageSignatures(request.fields)?.kind, 'Malformed');
    }
    assert(Number(process.hrtime.bigint() - began) / 1e6 < 250);
  });
});
