// The last good snapshot on disk, in two generations: a write goes to a temporary file that then takes the place of
// the older one, so that whenever the power fails, one whole generation is there. Files hold secrets: mode 0600.
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { decodeResource, parseJson } from '#snapshot/decode.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import { SnapshotError } from '#snapshot/snapshot-error.ts';
import type { Order, Resource } from '#snapshot/snapshot.ts';
import { type Header, formatVersion, readHeader } from './last-good-header.ts';
import { messageOf } from './subscribe-error.ts';

/** A snapshot as it was saved. */
export interface Saved {
  readonly order: Order;
  /** Milliseconds since 1970. */
  readonly savedAtMs: number;
  readonly resources: readonly { readonly encoded: string; readonly resource: Resource }[];
  /** Resources that this build cannot read: it is older than the one that wrote them. */
  readonly unreadable: readonly string[];
}

/** Why a generation, or a write, failed. `file` is its path. */
export interface LastGoodProblem {
  readonly file: string;
  readonly reason: string;
}

interface LastGoodOptions {
  readonly dir: string;
  readonly gateway: GatewayKey;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onProblem: (problem: LastGoodProblem) => void;
}

const generations = ['last-good-a', 'last-good-b'] as const;
const fileBytesMax = 512 * 1024 * 1024;
const pieceLength = 256 * 1024;

/** The two generations in a directory that belongs to one data plane. One write at a time. */
export class LastGood {
  readonly #options: LastGoodOptions;
  #sequence = 0;
  #newest: (typeof generations)[number] | null = null;

  constructor(options: LastGoodOptions) {
    this.#options = options;
  }

  /** The newest whole generation; null when there is none. Call it once, before the first write. */
  async load(): Promise<Saved | null> {
    let best: { readonly header: Header; readonly content: Buffer } | null = null;
    for (const name of generations) {
      const found = await this.#read(name);
      if (found === null || found.header.sequence <= this.#sequence) continue;
      best = found;
      this.#sequence = found.header.sequence;
      this.#newest = name;
    }
    return best === null ? null : savedOf(best.header, best.content);
  }

  /** Writes a generation in place of the older one. Rejects when it cannot; what was there is there still. */
  async write(order: Order, encoded: readonly string[]): Promise<void> {
    const { dir, gateway, now } = this.#options;
    const name = this.#newest === generations[0] ? generations[1] : generations[0];
    const sequence = this.#sequence + 1;
    const header: Header = {
      format: 'turnpike-last-good',
      formatVersion,
      gateway,
      order,
      savedAtMs: now(),
      sequence,
      count: encoded.length,
    };
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const temporary = path.join(dir, 'last-good.tmp');
    await rm(temporary, { force: true });
    const file = await open(temporary, 'wx', 0o600);
    try {
      await writeAll(file, header, encoded);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path.join(dir, name));
    await syncDirectory(dir);
    this.#sequence = sequence;
    this.#newest = name;
  }

  async #read(name: string): Promise<{ readonly header: Header; readonly content: Buffer } | null> {
    const file = path.join(this.#options.dir, name);
    try {
      const { size } = await stat(file);
      if (size > fileBytesMax) throw new Error(`is larger than ${fileBytesMax} bytes`);
      const content = checked(await readFile(file));
      const header = readHeader(parseJson(content.subarray(0, content.indexOf('\n')).toString()));
      if (header.gateway !== this.#options.gateway) throw new Error(`is of Gateway ${header.gateway}`);
      return { header, content };
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!missing) this.#options.onProblem({ file, reason: messageOf(error) });
      return null;
    }
  }
}

/** The file without its last line, which tells the hash of all before it. */
function checked(bytes: Buffer): Buffer {
  const end = bytes.lastIndexOf('\n', -2) + 1;
  const content = bytes.subarray(0, end);
  const told = bytes.subarray(end).toString();
  if (end === 0 || told !== trailer(createHash('sha256').update(content).digest('base64url'))) {
    throw new Error('is not whole: its checksum does not fit');
  }
  return content;
}

function savedOf(header: Header, content: Buffer): Saved {
  const resources: Saved['resources'][number][] = [];
  const unreadable: string[] = [];
  const lines = content.toString().split('\n').slice(1, -1);
  for (const encoded of lines) {
    try {
      resources.push({ encoded, resource: decodeResource(encoded) });
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error;
      unreadable.push(error.message);
    }
  }
  return Object.freeze({ order: header.order, savedAtMs: header.savedAtMs, resources, unreadable });
}

/** In pieces, so that a large snapshot does not hold the event loop. */
async function writeAll(file: FileHandle, header: Header, encoded: readonly string[]): Promise<void> {
  const hash = createHash('sha256');
  const write = async (text: string) => {
    const bytes = Buffer.from(text);
    hash.update(bytes);
    await file.appendFile(bytes);
  };
  let piece = `${JSON.stringify(header)}\n`;
  for (const line of encoded) {
    piece += `${line}\n`;
    if (piece.length < pieceLength) continue;
    await write(piece);
    piece = '';
  }
  await write(piece);
  await file.appendFile(trailer(hash.digest('base64url')));
}

function trailer(hash: string): string {
  return `{"sha256":"${hash}"}\n`;
}

async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
