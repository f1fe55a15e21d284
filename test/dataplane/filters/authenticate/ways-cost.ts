// What credentials cost that have passed before: a certificate, a password, a token that was asked about. Run by hand:
// node test/dataplane/filters/authenticate/ways-cost.ts
import { X509Certificate } from 'node:crypto';
import { ConnectionCertificate } from '#dataplane/listen/client-certificate.ts';
import type { AuthenticationWay } from '#snapshot/authentication.ts';
import { Secret } from '#snapshot/secret.ts';
import { givenIntrospection } from '#test/given/called-service.ts';
import { givenAuthority } from '#test/given/client-certificate.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { givenAuthentication } from '#test/given/token.ts';
import { carrying, gate } from './gate.ts';

const rounds = 200_000;

const basic = {
  sources: [{ kind: 'Header', header: 'authorization', scheme: 'basic' }],
  forwarded: true,
} as const;
const ways: Readonly<Record<string, AuthenticationWay>> = {
  certificate: {
    kind: 'ClientCertificate',
    name: 'c',
    subjectFrom: ['DNS'],
    allow: [],
    revocation: null,
    certificateHeader: null,
  },
  password: {
    kind: 'Basic',
    name: 'b',
    credential: basic,
    realm: 'shop',
    users: [{ name: 'ada', hash: new Secret('{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=') }],
    userHeader: null,
  },
  'asked token': givenIntrospection({ cacheMs: 3_600_000, staleMs: 0 }),
};

const { cert } = await (
  await givenAuthority('ours')
).issue('cart', { names: [{ type: 'dns', value: 'cart' }] });
const client = { secure: true, certificate: new ConnectionCertificate(new X509Certificate(cert)) };
const password = Buffer.from(`Basic ${Buffer.from('ada:myPassword').toString('base64')}`);
const token = Buffer.from(`Bearer ${'t'.repeat(43)}`);
const requests = {
  certificate: () => givenExchange(givenRequest(), { client }),
  // strings as the parser makes them for each request: new, their hashes not known yet
  password: () => carrying(['Authorization', password.toString('latin1')]),
  'asked token': () => carrying(['Authorization', token.toString('latin1')]),
};

for (const [name, way] of Object.entries(ways)) {
  const made = gate({}, () =>
    Promise.resolve({
      kind: 'Answered',
      status: 200,
      fields: givenRequest().fields,
      content: Buffer.from('{"active":true,"sub":"ada"}'),
      trailers: null,
    }),
  );
  made.clock = Date.now();
  const filter = made.filter(givenAuthentication(way));
  const request = requests[name as keyof typeof requests];
  if ((await filter.apply(request())) !== null) throw new Error(`${name} does not pass`);
  const spent = (work: () => unknown): number => {
    const start = process.threadCpuUsage();
    for (let round = 0; round < rounds; round += 1) work();
    return (process.threadCpuUsage(start).user * 1000) / rounds;
  };
  for (let warm = 0; warm < 2; warm += 1) spent(() => filter.apply(request()));
  const [whole, alone] = [spent(() => filter.apply(request())), spent(request)];
  process.stdout.write(`${name}: ${(whole - alone).toFixed(0)} ns a request that passed before\n`);
}
