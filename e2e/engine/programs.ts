/**
 * Outside programs that the engine is proved by, compiled from their published Go modules: h2spec, the client and
 * server of gRPC's interoperability tests, and a server of Envoy's external authorization. Each folder's go.mod names the version, its go.sum the hashes. Knows how to build
 * them, not how to run them.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { cached } from '../cluster/cache-folder.ts';
import { outputOf } from '../cluster/command.ts';
import { findGo } from '../cluster/go.ts';

interface Source {
  /** The folder beside this file that holds go.mod and go.sum. */
  readonly name: string;
  readonly packages: readonly string[];
  /** Further files there. */
  readonly files?: readonly string[];
}

const h2spec: Source = { name: 'h2spec', packages: ['github.com/summerwind/h2spec/cmd/h2spec'] };
const interop: Source = {
  name: 'grpc-interop',
  packages: ['google.golang.org/grpc/interop/client', 'google.golang.org/grpc/interop/server'],
};
/** What there is of it are Envoy's types: the few lines that answer stand beside its go.mod. */
const extAuthz: Source = { name: 'ext-authz', packages: ['.'], files: ['main.go'] };

const goAtLeast = '1.26';
const compileDeadlineMs = 1_800_000;

/** The path of h2spec, compiled when the cache does not have it: half a minute, once. */
export async function h2specProgram(): Promise<string> {
  return path.join(await built(h2spec), 'h2spec');
}

/** The paths of gRPC's interoperability programs, compiled when the cache does not have them: a minute, once. */
export async function interopPrograms(): Promise<{ readonly client: string; readonly server: string }> {
  const folder = await built(interop);
  return { client: path.join(folder, 'client'), server: path.join(folder, 'server') };
}

/** The path of the external authorization server, compiled when the cache does not have it: half a minute, once. */
export async function extAuthzProgram(): Promise<string> {
  return path.join(await built(extAuthz), 'ext-authz');
}

/** Gets all of them. */
export async function prepareEngine(): Promise<void> {
  await h2specProgram();
  await interopPrograms();
  await extAuthzProgram();
}

async function built({ name, packages, files = [] }: Source): Promise<string> {
  const source = path.join(import.meta.dirname, name);
  const texts = await Promise.all(
    ['go.mod', 'go.sum', ...files].map((file) => readFile(path.join(source, file), 'utf8')),
  );
  const digest = createHash('sha256')
    .update(JSON.stringify([texts, packages]))
    .digest('hex')
    .slice(0, 12);
  return cached(`${name}-${os.platform()}-${os.arch()}-${digest}`, async (draft) => {
    const go = await findGo(goAtLeast);
    console.log(`${name}: compiling with Go ${go.version}`);
    const flags = ['-mod=readonly', '-buildvcs=false', '-trimpath', '-ldflags=-s -w'];
    const options = { cwd: source, env: go.env, deadlineMs: compileDeadlineMs };
    await outputOf(go.program, ['build', ...flags, '-o', `${draft}/`, ...packages], options);
  });
}
