// What a built image holds and how it runs: `npm run e2e:images`. The network is not used; root is needed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { globSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { saveSnapshot } from '#test/given/data-plane-process.ts';
import { eventually } from '../cluster/eventually.ts';
import { freePorts } from '../cluster/free-ports.ts';
import { buildPlace } from './bases.ts';
import { type Container, type UnpackedImage, startContainer, unpack } from './container.ts';
import { type Images, buildImages, releaseOf } from './images.ts';
import { entryPoint } from './entry-point.ts';
import { moduleGraph } from './module-graph.ts';

const megabyte = 1_000_000;
const budgets = { controller: 400 * megabyte, dataplane: 330 * megabyte } as const;
const otherPlane = { controller: 'dataplane', dataplane: 'controller' } as const;
const { version, node } = await releaseOf();
let images: Images;

before(async () => {
  images = await buildImages();
});

for (const plane of ['controller', 'dataplane'] as const) {
  describe(`the image of the ${plane}`, () => {
    let image: UnpackedImage;
    before(async () => {
      image = await unpack((await buildPlace(node)).buildah, images.images[plane].archive);
    });
    after(async () => image.remove());

    /** Runs a command in it to the end and returns the lines it printed. */
    async function printed(...entrypoint: readonly string[]): Promise<readonly string[]> {
      const container = await startContainer(image, { entrypoint });
      assert.deepEqual(await container.ended, { code: 0, signal: null }, container.lines.join('\n'));
      return container.lines;
    }

    test('is within its budget', () => {
      const { size } = statSync(images.images[plane].archive);
      console.log(`${plane}: ${(size / megabyte).toFixed(0)} MB uncompressed`);
      assert.ok(size <= budgets[plane], `${size} bytes`);
    });

    test('has the files of this plane, and none of the other', async () => {
      const has = new Set(globSync('**', { cwd: path.join(image.folder, 'app'), exclude: ['node_modules'] }));
      const { files } = await moduleGraph(`${plane}/main.ts`);
      assert.deepEqual(
        files.filter((file) => !has.has(file)),
        [],
      );
      assert.deepEqual(
        [...has].filter((file) => file.startsWith(otherPlane[plane])),
        [],
      );
    });

    test('has the packages that the lockfile gives this plane, and no other', async () => {
      const modules = path.join(image.folder, 'app/node_modules');
      const found = globSync(['**/package.json'], { cwd: modules })
        .map((file) => path.dirname(file))
        .filter((folder) => /^(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+$/.test(folder));
      const { packages } = await moduleGraph(`${plane}/main.ts`);
      assert.deepEqual(new Set(found), new Set(lockedClosure(packages)));
    });

    test('has no npm, and no program but Node that an image like its base lacks', () => {
      for (const folder of ['usr/local/bin', 'usr/local/lib', 'app', 'root', 'mnt']) {
        const entries = readdirSync(path.join(image.folder, folder));
        assert.deepEqual(
          entries.filter((entry) => /^(?:npm|npx|corepack|yarn)/.test(entry)),
          [],
        );
      }
      assert.deepEqual(readdirSync(path.join(image.folder, 'usr/local/bin')), ['node']);
    });

    test('has nothing that its user could change', () => {
      const files = globSync('**', { cwd: path.join(image.folder, 'app') });
      assert.ok(files.length > 300);
      const loose = files.filter((file) => {
        const { uid, gid, mode } = lstatSync(path.join(image.folder, 'app', file));
        return uid !== 0 || gid !== 0 || (mode & 0o022) !== 0;
      });
      assert.deepEqual(loose, []);
    });

    test('tells who runs it, what it is and for which machine', () => {
      const { config, architecture } = image;
      assert.equal(config.User, '65532:65532');
      const { nodeOptions, program } = entryPoint(plane);
      assert.deepEqual(config.Entrypoint, ['node', ...nodeOptions, program]);
      assert.equal(config.Labels['org.opencontainers.image.version'], version);
      assert.equal(config.Labels['org.opencontainers.image.licenses'], 'Apache-2.0');
      assert.equal(architecture, process.arch === 'x64' ? 'amd64' : process.arch);
    });

    test('runs the version of Node that the tests run on', async () => {
      assert.deepEqual(await printed('node', '--version'), [`v${node}`]);
    });

    test('prints its help on a read-only root, without capabilities, as its own user', async () => {
      const [first] = await printed(...image.config.Entrypoint, '--help');
      assert.match(first ?? '', new RegExp(`^usage: node ${plane}/main\\.ts`));
      const status = await printed('cat', '/proc/self/status');
      assert.ok(status.some((line) => /^CapBnd:\s0+$/.test(line)));
      assert.ok(status.some((line) => /^Uid:\s65532\b/.test(line)));
      const written = await startContainer(image, { entrypoint: ['touch', '/app/x', '/tmp/x', '/run/x'] });
      assert.equal((await written.ended).code, 1);
      assert.equal(written.lines.filter((line) => line.includes('Read-only')).length, 3);
    });

    test('takes all code that it starts with from its cache', async () => {
      const program = `NODE_DEBUG_NATIVE=COMPILE_CACHE ${image.config.Entrypoint.join(' ')} --help 2>&1`;
      const told = (await printed('sh', '-c', program)).filter((line) => line.includes('code cache for'));
      const accepted = told.filter((line) => line.includes('was accepted'));
      assert.ok(accepted.length > 250, told.slice(0, 5).join('\n'));
      assert.deepEqual(
        told.filter((line) => /rejected|not found/.test(line)),
        [],
      );
    });
  });
}

describe('a data plane in its container', () => {
  const rubbish = new AsyncDisposableStack();
  let image: UnpackedImage;
  let state: string;
  before(async () => {
    image = await unpack((await buildPlace(node)).buildah, images.images.dataplane.archive);
    rubbish.defer(async () => image.remove());
    state = await mkdtemp(path.join(os.tmpdir(), 'turnpike-state-'));
    rubbish.defer(async () => rm(state, { recursive: true }));
    const [port = 0] = await freePorts('127.0.0.1', 1);
    await saveSnapshot(state, port, 1);
    await writeFile(path.join(state, 'file'), 'nobody looks at it');
    // Its user is another, and only reads.
    await chmod(state, 0o755);
    for (const file of readdirSync(state)) await chmod(path.join(state, file), 0o644);
  });
  after(async () => rubbish.disposeAsync());

  async function started(): Promise<Container> {
    const file = path.join(state, 'file');
    const container = await startContainer(image, {
      folders: [state],
      args: [
        '--gateway=infra/edge',
        '--controller=https://127.0.0.1:1',
        `--ca-file=${file}`,
        `--token-file=${file}`,
        `--state-folder=${state}`,
        '--address=127.0.0.1',
        '--admin-address=127.0.0.1:0',
        '--drain-accept=0',
        '--drain-idle=0',
      ],
    });
    rubbish.defer(async () => {
      container.kill('SIGKILL');
      await container.ended;
    });
    return container;
  }

  test('is ready within 1.5 s of its start, and hears SIGTERM as process 1 as soon as it says so', async (t) => {
    const startedAt = performance.now();
    const container = await started();
    const [, admin] = /"admin":"([^"]+)"/.exec(await container.line('"Started"')) ?? [];
    const isReady = async () => (await fetch(`http://${admin}/readyz`)).ok || undefined;
    await eventually('ready', isReady, { intervalMs: 5 });
    const [ms, cpuMs] = [performance.now() - startedAt, container.cpuMs()];
    t.diagnostic(`ready after ${Math.round(ms)} ms, of which it worked ${cpuMs} ms`);
    // What else the machine does is not asked here: on one that is idle, no start takes longer than its work.
    assert.ok(Math.min(ms, cpuMs) < 1_500);
    container.kill('SIGTERM');
    assert.deepEqual(await container.ended, { code: 0, signal: null }, container.lines.join('\n'));
  });
});

describe('the images for tests', () => {
  const rubbish = new AsyncDisposableStack();
  after(async () => rubbish.disposeAsync());

  async function started(name: 'echo' | 'redis', args: readonly string[]): Promise<Container> {
    const image = await unpack((await buildPlace(node)).buildah, images.images[name].archive);
    rubbish.defer(async () => image.remove());
    const container = await startContainer(image, { args });
    rubbish.defer(async () => {
      container.kill('SIGKILL');
      await container.ended;
    });
    return container;
  }

  test('the echo answers, and ends at once when it is told to', async () => {
    const [port = 0] = await freePorts('127.0.0.1', 1);
    const echo = await started('echo', ['me', '127.0.0.1', String(port)]);
    const answer = await eventually('an answer', async () => fetch(`http://127.0.0.1:${port}/a`));
    assert.partialDeepStrictEqual(await answer.json(), { service: 'me', path: '/a' });
    echo.kill('SIGTERM');
    assert.deepEqual(await echo.ended, { code: 0, signal: null });
  });

  test('redis answers', async () => {
    const [port = 0] = await freePorts('127.0.0.1', 1);
    const redis = await started('redis', ['--port', String(port)]);
    await redis.line('Ready to accept connections');
    const socket = connect(port, '127.0.0.1');
    rubbish.defer(() => void socket.destroy());
    socket.write('PING\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.equal(answer.toString(), '+PONG\r\n');
    // Nothing stays when the test has gone.
    redis.kill('SIGKILL');
    await redis.ended;
    await assert.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
  });
});

interface Locked {
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The folders below node_modules of these packages and of all that they need, as the lockfile has them. */
function lockedClosure(names: readonly string[]): readonly string[] {
  const lockfile = path.join(import.meta.dirname, '../../package-lock.json');
  const { packages } = JSON.parse(readFileSync(lockfile, 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const wanted = new Set(names);
  for (const folder of wanted) {
    for (const name of Object.keys(packages[`node_modules/${folder}`]?.dependencies ?? {})) {
      const nested = `${folder}/node_modules/${name}`;
      wanted.add(packages[`node_modules/${nested}`] === undefined ? name : nested);
    }
  }
  return [...wanted];
}
