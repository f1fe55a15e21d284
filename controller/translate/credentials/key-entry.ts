// API keys as they are written in Consumers and Secrets, made ready for data planes. A key itself goes no further than
// this room: what is plain is hashed here.
import { hash } from 'node:crypto';
import type { Consumer } from '#crds/consumer.ts';
import { isKeyLine, readKeyLine, type KeyLine } from '#crds/key-line.ts';
import type { Secret } from '#crds/kubernetes.ts';
import { credentialLine, credentialName } from '#snapshot/credential-set.ts';
import { decodeBase64 } from '../data.ts';

/** One key, where it stands in its object, and what data planes are told of it. */
export interface KeyEntry {
  /** Base64url. */
  readonly sha256: string;
  /** `credential first`, `entry partners, line 3`. */
  readonly place: string;
  /** As credentialLine() of the contract has it. */
  readonly line: string;
  /** `''`: none. */
  readonly plan: string;
}

/** The keys of a Secret. */
export interface KeyFile {
  readonly entries: readonly KeyEntry[];
  /** Where a line is left out, and why. */
  readonly problems: readonly string[];
  /** Names of entries that are plain keys. */
  readonly plain: readonly string[];
}

/** The keys of `consumer`, in its order. */
export function keysOfConsumer({ metadata, spec }: Consumer): readonly KeyEntry[] {
  return spec.credentials.map(({ name, apiKey }) => {
    const { sha256, prefix, expires = '' } = apiKey;
    const { groups, plan = '' } = spec;
    return keyEntry(`credential ${name}`, { sha256, prefix, expires, groups, plan, consumer: metadata.name });
  });
}

/** What is shorter could be guessed, and its hash tried. */
const plainKeyLengthMin = 16;

/** What is longer no data plane reads. */
const plainKeyLengthMax = 256;

/** The keys of a Secret's data: entries in the order of their names, lines in theirs. */
export function keysOfSecret({ data }: Pick<Secret, 'data'>): KeyFile {
  const entries: KeyEntry[] = [];
  const problems: string[] = [];
  const plain: string[] = [];
  for (const name of Object.keys(data).sort()) {
    const text = decodeBase64(data[name] ?? '');
    const lines = text?.split('\n').map((line) => line.trim()) ?? [];
    const told = lines.filter((line) => line !== '');
    if (text === null) problems.push(`entry ${name} is no text`);
    else if (told.length === 1 && !isMeant(told[0] ?? '')) {
      const read = plainKey(name, told[0] ?? '');
      if (typeof read === 'string') problems.push(read);
      else {
        entries.push(read);
        plain.push(name);
      }
    } else {
      for (const [index, line] of lines.entries()) {
        const place = `entry ${name}, line ${index + 1}`;
        const read = line === '' || line.startsWith('#') ? null : readEntry(place, line);
        if (typeof read === 'string') problems.push(read);
        else if (read !== null) entries.push(read);
      }
    }
  }
  return { entries, problems, plain };
}

/** Whether the only line of an entry is meant as a line, not as a key. */
function isMeant(line: string): boolean {
  return isKeyLine(line) || line.startsWith('#');
}

function readEntry(place: string, line: string): KeyEntry | string {
  if (!isKeyLine(line)) {
    return `${place}: does not begin with sha256: (a plain key stands alone in an entry that is named for its consumer)`;
  }
  const read = readKeyLine(line);
  return read.ok ? keyEntry(place, read.line) : `${place}: ${read.detail}`;
}

function plainKey(name: string, key: string): KeyEntry | string {
  const place = `entry ${name}`;
  if (key.length < plainKeyLengthMin || key.length > plainKeyLengthMax || !/^[!-~]+$/.test(key)) {
    return `${place}: a plain key has ${plainKeyLengthMin} to ${plainKeyLengthMax} visible ASCII characters`;
  }
  if (!credentialName.test(name)) {
    return `${place}: a plain key is that of the consumer its entry is named for, and this is no name of one`;
  }
  const sha256 = hash('sha256', key, 'hex');
  return keyEntry(place, { sha256, consumer: name, prefix: '', groups: [], plan: '', expires: '' });
}

function keyEntry(place: string, { sha256, expires, ...told }: KeyLine): KeyEntry {
  const encoded = Buffer.from(sha256, 'hex').toString('base64url');
  const expiresS = expires === '' ? 0 : Math.max(1, Math.floor(Date.parse(expires) / 1000));
  const line = credentialLine({ ...told, sha256: encoded, expiresS });
  return { sha256: encoded, place, line, plan: told.plan };
}
