// Requests that are signed, at the filter: who is let in, and who is not however they try.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Exchange } from '#dataplane/http/exchange.ts';
import type { AuthenticatingLimits } from '#dataplane/filters/authenticate/authenticating.ts';
import type { HttpSignatureAuthentication } from '#snapshot/http-signature.ts';
import type { KeySet } from '#snapshot/key-set.ts';
import {
  contentDigest,
  createdS,
  exchangeOf,
  givenSignedWay,
  givenSigner,
  signatureAlgorithms,
  signed,
  signedExchange,
  signersId,
  usuallyCovered,
  type Signer,
  type Signing,
} from '#test/given/http-signature.ts';
import { givenAuthentication } from '#test/given/token.ts';
import { gate, told } from '../gate.ts';

/** What becomes of requests where these keys let in; `clock` can be moved. */
function guarded(
  { keySet }: { readonly keySet: KeySet },
  rule: Partial<HttpSignatureAuthentication> = {},
  limits: Partial<AuthenticatingLimits> = {},
) {
  const made = gate(limits);
  const authentication = givenAuthentication(givenSignedWay(rule));
  let filter = made.filter(authentication, keySet);
  return {
    made,
    renew: () => void (filter = made.filter({ ...authentication }, keySet)),
    /** `pass`, or why not. */
    ask: async (exchange: Exchange): Promise<string> => {
      const verdict = await filter.apply(exchange);
      if (verdict?.kind !== 'Unauthenticated') return told(verdict);
      return verdict.error === 'missing' ? 'missing' : verdict.detail.replace(/^.*?signed: /u, '');
    },
  };
}

/** Cheap, so that many are made of it. */
const ada: Signer = givenSigner('hmac-sha256', 'ada');

describe('the way in by a signature of the request', () => {
  for (const alg of signatureAlgorithms) {
    it(`lets in who has signed by ${alg}`, async () => {
      const signer = givenSigner(alg, 'ada');
      const { ask } = guarded(signer, { keyIdHeader: 'x-client' });
      const signing = { method: 'POST', target: '/a?b=c', content: 'hello' };
      const exchange = signedExchange(signer, signing);
      exchange.forwarded.fields.append('x-client', 'root');
      assert.equal(await ask(exchange), 'pass');
      assert.equal(exchange.identity?.method, 'HTTPSignature');
      assert.equal(exchange.identity.subject, 'ada');
      assert.equal(exchange.identity.keyId, 'ada');
      assert.equal(exchange.forwarded.fields.only('x-client'), 'ada');
      assert.equal(exchange.forwarded.fields.has('signature'), true);
      assert.equal(
        await ask(signedExchange(signer, signing, { method: 'PUT' })),
        'sig1: not made with the key that it names',
      );
      const named = `;created=${createdS};keyid="ada";alg="${alg}"`;
      assert.equal(await ask(signedExchange(signer, { ...signing, parameters: named })), 'pass');
    });
  }

  it('asks for a signature where there is none', async () => {
    const { ask } = guarded(ada);
    assert.equal(await ask(exchangeOf({})), 'missing');
  });

  it('lets in by the target URI, by more fields, by one of several lines', async () => {
    const { ask } = guarded(ada, { components: ['content-type', '@scheme'] });
    const fields = [['Content-Type', 'text/plain']] as const;
    const covered = [
      ['"@target-uri"', 'http://example.com/a?b'],
      ['"@method"', 'GET'],
      ['"content-type"', 'text/plain'],
    ] as const;
    assert.equal(await ask(signedExchange(ada, { target: '/a?b', fields, covered })), 'pass');
    assert.equal(
      await ask(signedExchange(ada, { target: '/a?b', fields, covered: covered.slice(0, 2) })),
      'sig1: does not cover content-type',
    );
  });

  it('takes both fields from what goes on where it is told to', async () => {
    const sources = ['signature', 'signature-input'].map(
      (header) => ({ kind: 'Header', header, scheme: '' }) as const,
    );
    const { ask } = guarded(ada, { credential: { sources, forwarded: false } });
    const exchange = signedExchange(ada);
    assert.equal(await ask(exchange), 'pass');
    assert.equal(exchange.forwarded.fields.has('signature'), false);
    assert.equal(exchange.forwarded.fields.has('signature-input'), false);
  });

  const uncovered: readonly (readonly [left: string, signing: Signing])[] = [
    ['@method', {}],
    ['@authority', {}],
    ['@path', {}],
    ['@query', { target: '/a?b=c' }],
  ];
  for (const [left, signing] of uncovered) {
    it(`lets nobody in whose signature does not cover ${left}`, async () => {
      const covered = usuallyCovered(signing).filter(([identifier]) => identifier !== `"${left}"`);
      const { ask } = guarded(ada);
      assert.equal(await ask(signedExchange(ada, { ...signing, covered })), `sig1: does not cover ${left}`);
    });
  }

  it('lets nobody in with content that is not covered, is other than told, or is too long', async () => {
    const { ask } = guarded(ada);
    const digest = ['Content-Digest', contentDigest('hello')] as const;
    const bare = signed(ada);
    assert.equal(
      await ask(exchangeOf({ content: 'hello', fields: [digest, ...bare] })),
      'sig1: does not cover content-digest, and there is content',
    );
    const signing = { content: 'hello' };
    const wrong = 'sig1: the content is not the one of Content-Digest by sha-256';
    assert.equal(await ask(signedExchange(ada, signing, { content: 'hellO' })), wrong);
    assert.equal(await ask(signedExchange(ada, signing, { content: '' })), wrong);
    assert.equal(await ask(signedExchange(ada, { content: 'x'.repeat(1024) })), 'pass');
    assert.equal(await ask(signedExchange(ada, { content: 'x'.repeat(1025) })), 'BodyTooLarge');
    const part = ['"content-digest";key="sha-256"', contentDigest('hello').slice(8)] as const;
    const covered = [...usuallyCovered(), part];
    const fields = [digest, ...signed(ada, { covered })];
    assert.equal(
      await ask(exchangeOf({ content: 'hello', fields })),
      'sig1: does not cover content-digest, and there is content',
    );
  });

  it('waits for no content of who has signed nothing well', async () => {
    const { ask } = guarded(ada);
    const exchange = {
      ...signedExchange(ada, { content: 'hello' }, { method: 'PUT' }),
      content: () => assert.fail(),
    };
    assert.equal(await ask(exchange), 'sig1: not made with the key that it names');
  });

  const times: readonly (readonly [parameters: string, verdict: string])[] = [
    [`;created=${createdS - 329}`, 'pass'],
    [`;created=${createdS - 330}`, 'sig1: created is too long ago'],
    [`;created=${createdS + 30}`, 'pass'],
    [`;created=${createdS + 31}`, 'sig1: created is still to come'],
    [`;created=${createdS};expires=${createdS - 29}`, 'pass'],
    [`;created=${createdS};expires=${createdS - 30}`, 'sig1: expires is over'],
    [`;created=-${createdS}`, 'sig1: created is too long ago'],
    ['', 'sig1: no created'],
    [`;expires=${createdS + 30}`, 'sig1: no created'],
    [`;created=${createdS};nonce=""`, 'sig1: an empty nonce'],
  ];
  for (const [parameters, verdict] of times) {
    it(`says ${verdict} to ${parameters.replaceAll(String(createdS), 'now ')}`, async () => {
      const { ask } = guarded(ada);
      assert.equal(await ask(signedExchange(ada, { parameters: `${parameters};keyid="ada"` })), verdict);
    });
  }

  it('passes over signatures with another tag, and lets in by any of several that is good', async () => {
    const { ask } = guarded(ada, { tag: 'shop' });
    const tagged = (tag: string) => `;created=${createdS};keyid="ada";tag="${tag}"`;
    assert.equal(await ask(signedExchange(ada, { parameters: tagged('other') })), 'missing');
    const [good, other] = ['shop', 'other'].map((tag) =>
      signed(ada, { parameters: tagged(tag), label: tag }),
    );
    assert(good !== undefined && other !== undefined);
    assert.equal(await ask(exchangeOf({ fields: [...other, ...good] })), 'pass');
    const forged = signed(givenSigner('hmac-sha256', 'ada'), { parameters: tagged('shop'), label: 'bad' });
    assert.equal(await ask(exchangeOf({ fields: [...forged, ...good] })), 'pass');
    assert.equal(
      await ask(exchangeOf({ fields: [...forged, ...other] })),
      'bad: not made with the key that it names',
    );
  });

  it('lets a nonce in once, until its signature is over, whichever filter it comes to', async () => {
    const { ask, renew, made } = guarded(ada, { nonce: 'Required' });
    const parameters = (nonce: string) => `;created=${createdS};keyid="ada";nonce="${nonce}"`;
    assert.equal(await ask(signedExchange(ada)), 'sig1: no nonce');
    const [first, again] = [1, 2].map(() => signedExchange(ada, { parameters: parameters('a') }));
    assert(first !== undefined && again !== undefined);
    assert.deepEqual((await Promise.all([ask(first), ask(again)])).toSorted(), [
      'pass',
      'sig1: its nonce was used before',
    ]);
    renew();
    made.clock += 329_000;
    assert.equal(
      await ask(signedExchange(ada, { parameters: parameters('a') })),
      'sig1: its nonce was used before',
    );
    assert.equal(await ask(signedExchange(ada, { parameters: parameters('b') })), 'pass');
    made.clock += 1_000;
    assert.equal(
      await ask(signedExchange(ada, { parameters: parameters('a') })),
      'sig1: created is too long ago',
    );
  });

  it('does not use up the nonce of a request that it refuses', async () => {
    const { ask } = guarded(ada);
    const signing = { content: 'hello', parameters: `;created=${createdS};keyid="ada";nonce="a"` };
    assert.match(await ask(signedExchange(ada, signing, { content: 'bye' })), /Content-Digest/u);
    assert.equal(await ask(signedExchange(ada, signing)), 'pass');
  });

  it('lets in no more nonces than it can remember, and forgets them in time', async () => {
    const { ask, made } = guarded(ada, {}, { noncesMax: 12 });
    const one = (at: number, nonce: number) =>
      signedExchange(ada, { parameters: `;created=${at};keyid="ada";nonce="${nonce}"` });
    for (let nonce = 0; nonce < 4; nonce += 1) assert.equal(await ask(one(createdS, nonce)), 'pass');
    assert.equal(await ask(one(createdS, 4)), 'Overloaded');
    assert.equal(await ask(signedExchange(ada)), 'pass');
    made.clock += 341_000;
    assert.equal(await ask(one(createdS + 341, 0)), 'pass');
  });

  it('knows keys by their keyid and for their algorithm alone', async () => {
    const { ask } = guarded(ada);
    const as = (parameters: string) =>
      signedExchange(ada, { parameters: `;created=${createdS}${parameters}` });
    assert.equal(await ask(as('')), 'sig1: no keyid');
    assert.equal(await ask(as(';keyid="bob"')), 'sig1: no key of this keyid');
    assert.equal(await ask(as(';keyid="ada";alg="ed25519"')), 'sig1: its key is for another algorithm');
    assert.equal(await ask(as(';keyid="ada";alg="none"')), 'sig1: its key is for another algorithm');
    assert.equal(await ask(as(';keyid="ada";alg=""')), 'sig1: its key is for another algorithm');
  });

  it('takes no public key for a shared secret', async () => {
    const rsa = givenSigner('rsa-v1_5-sha256', 'ada');
    assert(rsa.keySet.state === 'Available');
    const { ask } = guarded(rsa);
    for (const alg of ['', ';alg="hmac-sha256"']) {
      const forged = signedExchange(ada, { parameters: `;created=${createdS};keyid="ada"${alg}` });
      assert.notEqual(await ask(forged), 'pass');
    }
  });

  it('is out while its keys are, and asks for keys that it does not know', async () => {
    const signer = givenSigner('ed25519', 'new');
    assert(signer.keySet.state === 'Available');
    const without = guarded({
      keySet: { kind: 'KeySet', state: 'Unavailable', id: signersId, refreshable: true },
    });
    assert.equal(await without.ask(signedExchange(signer)), 'KeysUnavailable');
    const refreshable = guarded({ keySet: { ...signer.keySet, keys: [], refreshable: true } });
    assert.equal(await refreshable.ask(signedExchange(signer)), 'sig1: no key of this keyid');
    assert.deepEqual(refreshable.made.missing, [`${signersId} new`]);
  });

  it('checks so many signatures at a time', async () => {
    const { ask } = guarded(ada, {}, { verificationsMax: 1 });
    const verdicts = await Promise.all([ask(signedExchange(ada)), ask(signedExchange(ada))]);
    assert.deepEqual(verdicts, ['pass', 'Overloaded']);
    assert.equal(await ask(signedExchange(ada)), 'pass');
  });
});
