// turnpike up at a terminal: what it prints at the start, when something changes, when something is wrong, and how it
// ends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { upHelp } from '#cli/usage.ts';
import { startTurnpike, turnpike } from '#test/given/command.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenBackend } from '#test/given/backend.ts';
import { givenFolder } from '#test/given/folder.ts';
import { request } from '#test/given/http-client.ts';
import { edgeManifest, pathRouteManifest, secureListener, serviceManifest } from '#test/given/manifests.ts';
import { aFreePort } from '#test/given/standalone.ts';
import { aTlsAuthority } from '#test/given/tls-authority.ts';

/** The last of what is printed at the start. */
const settled = 'Ctrl-C ends.\n';

test('it prints the state of all objects, listeners with their addresses, and then what changes', async () => {
  await using shop = await givenBackend('shop');
  const port = await aFreePort();
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(port),
    'shop.yaml': [serviceManifest('shop', shop.port), pathRouteManifest('shop', '/shop', 'shop')].join('---'),
  });
  await using running = startTurnpike(['up', '--folder', folder.path]);

  const first = await running.until(settled);
  assert.match(first, /^Turnpike \S+ on Node \S+, standalone from /);
  assert.match(first, /\n● GatewayClass turnpike: Accepted\n/);
  assert.match(
    first,
    new RegExp(
      `\\n● Gateway default/edge: Programmed\\n    http://127.0.0.1:${port} \\(listener http, 1 route\\)\\n`,
    ),
  );
  assert.match(first, /\n● HTTPRoute default\/shop: Accepted\n/);
  assert.doesNotMatch(first, /curl/, 'the demo belongs to the quickstart');
  // eslint-disable-next-line no-control-regex -- that there is none is the point
  assert.doesNotMatch(first, /\u001b/, 'no colours where no terminal is');

  await folder.save({ 'blog.yaml': pathRouteManifest('blog', '/blog', 'shop') });
  await running.until('added HTTPRoute default/blog (blog.yaml)\n');
  await running.until('● HTTPRoute default/blog: Accepted\n');
  await folder.save({ 'blog.yaml': pathRouteManifest('blog', '/blog', 'nowhere') });
  await running.until('changed HTTPRoute default/blog (blog.yaml)\n');
  await running.until('Service default/nowhere does not exist; create it or correct the name.\n');
  await rm(path.join(folder.path, 'blog.yaml'));
  await running.until('removed HTTPRoute default/blog (blog.yaml)\n');
  await folder.save({
    'bare.yaml': serviceManifest('bare'),
    'blog.yaml': pathRouteManifest('blog', '/blog', 'bare'),
  });
  await running.until('warning Service default/bare port 80: no EndpointSlice has it');
  await folder.save({ 'bare.yaml': serviceManifest('bare', shop.port) });
  await running.until('added EndpointSlice ');
  await folder.save({ 'bare.yaml': serviceManifest('bare') });
  await running.until('warning Service default/bare port 80: no EndpointSlice has it');
  await folder.save({
    'ban.yaml': `apiVersion: turnpike.dev/v1alpha1
kind: Ban
metadata: { name: away, namespace: shop }
spec: { addresses: [192.0.2.7/32] }
`,
  });
  await running.until('warning Ban shop/away: there is no Gateway in namespace shop');
  const blog = pathRouteManifest('blog', '/blog', 'shop');
  await folder.save({ 'blog.yaml': blog.replace('{ name: edge }', '{ name: edge }, { name: egde }') });
  await running.until(
    'warning HTTPRoute default/blog: spec.parentRefs[1]: Gateway default/egde does not exist',
  );
  await folder.save({ 'shop.yaml': 'kind: [' });
  await running.until('problem shop.yaml:1: ');
  assert.equal((await request({ port, path: '/shop' })).status, 200);
  assert.equal(running.stderr(), '');

  const { code } = await running.end('SIGINT');
  assert.equal(code, 0);
});

test('one Ctrl-C that comes twice, as npm makes it, still lets a request in flight finish', async () => {
  const held = Promise.withResolvers<() => void>();
  await using slow = await givenBackend('slow', {
    answer: (_, answer) => held.resolve(() => answer.end('done')),
  });
  const port = await aFreePort();
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(port),
    'slow.yaml': [serviceManifest('slow', slow.port), pathRouteManifest('slow', '/', 'slow')].join('---'),
  });
  await using running = startTurnpike(['up', '--folder', folder.path]);
  await running.until(settled);
  const inFlight = request({ port });
  const finish = await held.promise;

  void running.end('SIGINT');
  const ended = running.end('SIGINT');
  await running.until('requests in flight may finish; Ctrl-C again ends at once\n');
  finish();
  assert.equal((await inFlight).body, 'done');
  assert.equal((await ended).code, 0);
});

test('an Ingress and an exposed Service are told as they are, each time anew, and when they are mended', async () => {
  await using shop = await givenBackend('shop');
  const ingressClass = `
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: edge }
spec:
  controller: turnpike.dev/gateway-controller
  parameters: { apiGroup: gateway.networking.k8s.io, kind: Gateway, scope: Namespace, namespace: default, name: edge }
`;
  const ingress = (service: string) => `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop }
spec: { ingressClassName: edge, defaultBackend: { service: { name: ${service}, port: { number: 80 } } } }
`;
  const exposed = (place: string) =>
    serviceManifest('shop', shop.port).replace(
      '{ name: shop }',
      `{ name: shop, annotations: { turnpike.dev/expose: ${place} } }`,
    );
  await using folder = await givenFolder({
    'edge.yaml': [edgeManifest(await aFreePort()), ingressClass].join('---'),
    'shop.yaml': [ingress('shpo'), exposed('/cart?')].join('---'),
  });
  await using running = startTurnpike(['up', '--folder', folder.path]);
  const first = await running.until(settled);
  const missing = `● Ingress default/shop: not in force as written
    BackendNotFound: spec.defaultBackend.service: Service default/shpo does not exist; create it or correct the name.
`;
  const unread =
    '● Service default/shop: not in force as written\n    InvalidAnnotation: metadata.annotations[turnpike.dev/expose]: "/cart?"';
  for (const line of [missing, unread]) assert.ok(first.includes(line), first);
  assert.doesNotMatch(first, /shop: served/);
  await folder.save({ 'shop.yaml': [ingress('shop'), exposed('/cart')].join('---') });
  await running.until('● Service default/shop: served at /cart\n');
  await folder.save({ 'shop.yaml': [ingress('shpo'), exposed('/cart?')].join('---') });
  await running.until(missing);
  await running.until(unread);
});

test('a second Ctrl-C ends at once', async () => {
  const held = Promise.withResolvers<void>();
  await using slow = await givenBackend('slow', { answer: () => held.resolve() });
  const port = await aFreePort();
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(port),
    'slow.yaml': [serviceManifest('slow', slow.port), pathRouteManifest('slow', '/', 'slow')].join('---'),
  });
  await using running = startTurnpike(['up', '--folder', folder.path]);
  await running.until(settled);
  const inFlight = assert.rejects(request({ port }));
  await held.promise;

  void running.end('SIGINT');
  await running.until('Ctrl-C again ends at once\n');
  const { code } = await running.end('SIGINT');
  assert.equal(code, 1);
  await inFlight;
});

test('an empty folder is told, and a Gateway that is saved there is served', async () => {
  await using folder = await givenFolder();
  await using running = startTurnpike(['up', '--folder', folder.path]);
  const first = await running.until(settled);
  assert.ok(
    first.includes(
      `problem there is no Gateway in ${folder.path}, so nothing is served (add one in a file *.yaml, *.yml or *.json there, or name another folder with --folder)\n`,
    ),
  );
  const port = await aFreePort();
  await folder.save({ 'edge.yaml': edgeManifest(port) });
  await running.until('● Gateway default/edge: Programmed\n');
  await eventually(async () => assert.equal((await request({ port })).status, 404));
});

test('a policy that is refused from the start says under its name what is wrong with it, and what holds', async () => {
  const port = await aFreePort();
  const spec = 'spec: { targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }] }';
  const policy = (kind: string): string =>
    `apiVersion: turnpike.dev/v1alpha1\nkind: ${kind}\nmetadata: { name: lock }\n${spec}\n`;
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(port),
    'auth.yaml': policy('AuthPolicy'),
    'traffic.yaml': policy('TrafficPolicy'),
  });
  await using running = startTurnpike(['up', '--folder', folder.path]);
  const first = await running.until(settled);
  const place = 'exactly one of rules, defaults and overrides must be set';
  for (const line of [
    `problem auth\\.yaml:4: AuthPolicy default/lock spec: ${place}.* \\(until then what it is for is closed\\)`,
    'problem traffic\\.yaml:4: TrafficPolicy default/lock spec: nothing is set: add a setting \\(until then it is not in force\\)',
    `● AuthPolicy default/lock: .*\\n    Accepted=False Invalid: spec: ${place}`,
    '● TrafficPolicy default/lock: .*\\n    Accepted=False Invalid: spec: nothing is set: add a setting',
  ]) {
    assert.match(first, new RegExp(`\\n${line}`));
  }
});

test('a Gateway whose class is not there says so', async () => {
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(await aFreePort()).replace(
      'gatewayClassName: turnpike',
      'gatewayClassName: other',
    ),
  });
  await using running = startTurnpike(['up', '--folder', folder.path]);
  const first = await running.until(settled);
  assert.match(
    first,
    /● Gateway default\/edge: not in force as written\n    spec.gatewayClassName: GatewayClass other does not exist; create it/,
  );
  assert.match(
    first,
    /problem no Gateway in .* is of a GatewayClass with controllerName turnpike.dev\/gateway-controller, so nothing is served/,
  );
});

test('a port that is taken is one line that says what to do', async () => {
  const port = await aFreePort();
  const occupier = net.createServer().listen(port, '127.0.0.1');
  await once(occupier, 'listening');
  await using folder = await givenFolder({ 'edge.yaml': edgeManifest(port) });
  await using running = startTurnpike(['up', '--folder', folder.path]);
  await running.until(settled);
  const lines = running
    .stdout()
    .split('\n')
    .filter((line) => line.startsWith('problem'));
  assert.deepEqual(lines, [
    `problem Gateway default/edge: port ${port} cannot be opened: something else listens there (end it, or give the listener another port; tried again every second)`,
  ]);
  assert.match(
    running.stdout(),
    new RegExp(
      `● Gateway default/edge: not in force as written\\n.*\\n    Programmed=False Pending: No data plane can open .*\\n    listener http: Programmed=False Pending: Port ${port} cannot be opened: something else listens there \\(EADDRINUSE\\); end it`,
    ),
  );
  occupier.close();
  await running.until(`Gateway default/edge: port ${port} is open\n`);
  await running.until('● Gateway default/edge: Programmed\n');
  assert.equal((await request({ port })).status, 404);
});

test('--quiet prints problems only', async () => {
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(await aFreePort()),
    'lost.yaml': pathRouteManifest('lost', '/', 'nowhere'),
  });
  await using running = startTurnpike(['up', '--quiet', '--folder', folder.path]);
  await running.until('does not exist');
  assert.match(
    running.stdout(),
    /^● HTTPRoute default\/lost: not in force as written\n    parent edge: ResolvedRefs=False/,
  );
});

test('--access-log prints a line of JSON for each request', async () => {
  const port = await aFreePort();
  await using folder = await givenFolder({ 'edge.yaml': edgeManifest(port) });
  await using running = startTurnpike(['up', '--access-log', '--folder', folder.path]);
  await running.until(settled);
  await request({ port, path: '/nowhere' });
  const printed = await running.until('"/nowhere"');
  const line = printed.split('\n').find((one) => one.startsWith('{')) ?? '';
  assert.partialDeepStrictEqual(JSON.parse(line), { method: 'GET', status: 404 });
});

test('--admin-address tells health, metrics and the config, secrets redacted', async () => {
  const port = await aFreePort();
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(port) + secureListener('shop', await aFreePort(), 'shop.example.com'),
    'secret.yaml': await (await aTlsAuthority()).secretManifest('shop', 'shop.example.com'),
  });
  await using running = startTurnpike(['up', '--folder', folder.path, '--admin-address', '127.0.0.1:0']);
  await running.until(settled);
  const admin = Number(/admin at http:\/\/127\.0\.0\.1:(\d+)/.exec(running.stdout())?.[1]);
  assert.equal((await request({ port: admin, path: '/livez' })).status, 200);
  assert.equal((await request({ port: admin, path: '/readyz' })).status, 200);
  await request({ port });
  assert.match((await request({ port: admin, path: '/metrics' })).body, /^turnpike_\S+ 1$/m);
  assert.match((await request({ port: admin, path: '/default/edge/metrics' })).body, /^# HELP/);
  const { body: config } = await request({ port: admin, path: '/config' });
  assert.match(config, /"Listener\/default\/edge\/shop"/);
  assert.match(config, /"key":"\[redacted\]"/);
  assert.doesNotMatch(config, /PRIVATE KEY/);
  assert.equal((await request({ port: admin, path: '/' })).status, 404);
});

test('a folder that is not there is one line, and the exit code 1', async () => {
  const { code, stderr } = await turnpike(['up', '--folder', '/no/such/folder']);
  assert.equal(stderr, 'turnpike: /no/such/folder: there is no such folder (name another with --folder)\n');
  assert.equal(code, 1);
});

test('a journal or a file of events that cannot be written is one line, and the exit code 1', async () => {
  await using folder = await givenFolder({ taken: '' });
  const within = (name: string) => path.join(folder.path, name);
  const journal = await turnpike(['up', '--folder', folder.path, '--usage-journal', within('taken/journal')]);
  assert.equal(
    journal.stderr,
    `turnpike: --usage-journal ${within('taken/journal')}: nothing can be written into this folder (ENOTDIR: not a directory): let it be written, or name another folder\n`,
  );
  const places = ['--usage-journal', within('journal'), '--usage-events', within('gone/events.jsonl')];
  const events = await turnpike(['up', '--folder', folder.path, ...places]);
  assert.equal(
    events.stderr,
    `turnpike: --usage-events ${within('gone/events.jsonl')}: this file cannot be written (ENOENT: no such file or directory): let it be written, or name another file\n`,
  );
  assert.deepEqual([journal.code, events.code], [1, 1]);
  assert.deepEqual(await readdir(within('journal')), [], 'nothing is left of the look');
});

test('options that are not there, wrong ones and stray words are told with the help, and the exit code 2', async () => {
  const cases: readonly (readonly [args: readonly string[], first: string])[] = [
    [['--colour'], "turnpike: Unknown option '--colour'"],
    [['manifests'], "turnpike: Unexpected argument 'manifests': name folders with --folder"],
    [['--admin-address', '9901'], 'turnpike: --admin-address is not HOST:PORT: 9901'],
    [
      ['--usage-journal', 'usage', '--usage-events', 'https://'],
      'turnpike: --usage-events is no file: https://: name one; only the data planes of a cluster tell servers (TURNPIKE_USAGE_EVENTS)',
    ],
  ];
  for (const [args, first] of cases) {
    const { code, stderr, stdout } = await turnpike(['up', ...args]);
    assert.equal(stderr.split('\n')[0], first);
    assert.match(stderr, /usage: turnpike up/);
    assert.equal(stdout, '');
    assert.equal(code, 2);
  }
});

test('--help is what it says of itself', async () => {
  const { code, stdout } = await turnpike(['up', '--help']);
  assert.equal(code, 0);
  assert.equal(stdout, upHelp);
});
