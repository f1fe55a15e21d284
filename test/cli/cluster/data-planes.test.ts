// How commands ask the data planes of a cluster: what becomes of those that do not answer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '#controller/clock.ts';
import { KubeClient } from '#controller/kube/kube-client.ts';
import { readDataPlanes, type PageRequest } from '../../../cli/cluster/data-planes.ts';
import { givenBackend } from '#test/given/backend.ts';

type Answer = { readonly status: number; readonly body: unknown } | 'Silence';

const ok = (body: unknown): Answer => ({ status: 200, body });
const refused = (status: number, message: string): Answer => ({ status, body: { message } });

const pod = (name: string, phase = 'Running') => ({
  metadata: { name, namespace: 'infra' },
  status: { phase },
});
const list = '/api/v1/namespaces/infra/pods';

/** What is read where the API server answers so, by path. */
async function read(answers: Readonly<Record<string, Answer>>, request: Partial<PageRequest> = {}) {
  let open = 0;
  let mostOpen = 0;
  await using server = await givenBackend('api server', {
    answer({ url = '' }, response) {
      const { pathname } = new URL(url, 'http://localhost');
      const answer = answers[pathname] ?? refused(404, 'no such thing');
      mostOpen = Math.max(mostOpen, ++open);
      if (answer === 'Silence') return;
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.once('finish', () => (open -= 1));
      setImmediate(() => response.end(JSON.stringify(answer.body)));
    },
  });
  const client = new KubeClient(
    {
      server: `http://127.0.0.1:${server.port}`,
      namespace: null,
      credentials: () => Promise.resolve({ headers: {}, tls: {} }),
    },
    systemClock,
  );
  const pages: unknown[] = [];
  try {
    const problems = await readDataPlanes(
      client,
      { namespace: 'infra', page: 'bans', ...request },
      (page) => {
        if (page === 'nonsense') throw new Error('no page');
        pages.push(page);
      },
    );
    return { pages, problems, mostOpen };
  } finally {
    await client.close();
  }
}

test('a data plane that does not answer is named with what is wrong, and the rest tell theirs', async () => {
  const { pages, problems } = await read(
    {
      [list]: ok({ items: ['a', 'b', 'c', 'd', 'e'].map((name) => pod(name)) }),
      [`${list}/a:9901/proxy/bans`]: 'Silence',
      [`${list}/b:9901/proxy/bans`]: ok('b'),
      [`${list}/c:9901/proxy/bans`]: refused(503, 'connection refused'),
      [`${list}/d:9901/proxy/bans`]: ok('nonsense'),
      [`${list}/e:9901/proxy/bans`]: ok('e'),
    },
    { deadlines: { eachMs: 100, allMs: 60_000 } },
  );
  assert.deepEqual(pages, ['b', 'e']);
  assert.deepEqual(problems, [
    'data plane infra/a tells nothing: it does not answer in time',
    'data plane infra/c tells nothing: the API server does not reach it at port 9901: it is ending or hangs, or a NetworkPolicy is in between (503: connection refused)',
    'data plane infra/d tells nothing: its page is not understood: Error: no page',
  ]);
});

test('many that do not answer take no longer than all may, sixteen at once', async () => {
  const names = Array.from({ length: 40 }, (_, at) => `edge-${at}`);
  const { problems, mostOpen } = await read(
    {
      [list]: ok({ items: names.map((name) => pod(name)) }),
      ...Object.fromEntries(names.map((name) => [`${list}/${name}:9901/proxy/bans`, 'Silence' as const])),
    },
    { deadlines: { eachMs: 60_000, allMs: 2_000 } },
  );
  assert.equal(problems.length, 40);
  assert.ok(
    problems.every((one) => /^data plane infra\/edge-\d+ tells nothing: no time was left/u.test(one)),
  );
  assert.equal(mostOpen, 16);
});

test('rights that are missing are told once, with the Role that gives them', async () => {
  const { problems } = await read({
    [list]: ok({ items: [pod('a'), pod('b')] }),
    [`${list}/a:9901/proxy/bans`]: refused(403, 'cannot get resource "pods/proxy"'),
    [`${list}/b:9901/proxy/bans`]: refused(403, 'cannot get resource "pods/proxy"'),
  });
  assert.deepEqual(problems, [
    'the right to read pages of data planes in namespace infra is missing (a Role: verb get; resource pods/proxy)',
  ]);
  await assert.rejects(read({ [list]: refused(403, 'cannot list resource "pods"') }), {
    message:
      'the right to list pods in namespace infra is missing (a Role: verbs get, list; resources pods, pods/proxy): 403: cannot list resource "pods"',
  });
  await assert.rejects(
    read({ '/api/v1/pods': refused(403, 'cannot list') }, { namespace: null }),
    /the right to list pods in any namespace is missing \(a ClusterRole, or --namespace and a Role there:/u,
  );
});

test('no data plane, and none that runs, are told apart', async () => {
  const { problems: none } = await read({ [list]: ok({ items: [] }) });
  assert.deepEqual(none, ['there is no data plane in namespace infra']);
  const { problems } = await read({ [list]: ok({ items: [pod('a', 'Pending'), pod('b', 'Failed')] }) });
  assert.deepEqual(problems, ['no data plane in namespace infra runs: of 2 the first, infra/a is Pending']);
});
