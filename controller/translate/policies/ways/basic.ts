import type { Authentication } from '#crds/auth-policy.ts';
import type { PasswordUser } from '#snapshot/basic.ts';
import { readPasswordHash } from '#snapshot/password-hash.ts';
import { Secret } from '#snapshot/secret.ts';
import { credentialsLeftOut } from '../../credentials/remarks.ts';
import { decodeBase64, entryOf, entryTitle, whyNoEntry } from '../../data.ts';
import type { Read } from '../../memo.ts';
import { unresolved, type FoundWay, type UnresolvedWay, type WayPlace } from './way.ts';

/** Most users of one file. */
const usersMax = 20_000;

/** The way in by user and password at `at`. */
export function basicWay(
  read: Read,
  at: WayPlace,
  { name, basic }: Extract<Authentication, { type: 'Basic' }>,
): FoundWay | UnresolvedWay {
  const field = `${at.field}.basic.secretRef`;
  const { secretRef, realm, credential, usernameToHeader } = basic;
  const { namespace } = at.policy;
  const title = `names ${entryTitle('Secret', namespace, secretRef)}, which`;
  const data = read.get('Secret', namespace, secretRef.name)?.data;
  const encoded = entryOf(data, secretRef.key);
  if (encoded === null) {
    return unresolved({ field, reason: 'UsersNotFound', detail: `${title} ${whyNoEntry(data)}` });
  }
  const { users, problems } = readUsers(decodeBase64(encoded) ?? '');
  if (users.length === 0 || users.length > usersMax) {
    const wrong =
      users.length === 0
        ? ['has no line with a user and a hash', ...problems.slice(0, 1)].join('; ')
        : `has ${String(users.length)} users; at most ${String(usersMax)} are read`;
    return unresolved({ field, reason: 'InvalidUsers', detail: `${title} ${wrong}; correct it` });
  }
  return {
    kind: 'Found',
    way: {
      kind: 'Basic',
      name,
      credential: {
        sources: [{ kind: 'Header', header: 'authorization', scheme: 'basic' }],
        forwarded: credential === 'Forward',
      },
      realm,
      users,
      userHeader: usernameToHeader?.toLowerCase() ?? null,
    },
    resources: [],
    remoteKeys: [],
    pending: null,
    remarks: credentialsLeftOut(`Secret ${namespace}/${secretRef.name}, key ${secretRef.key}`, problems),
  };
}

interface ReadUsers {
  readonly users: readonly PasswordUser[];
  /** Of lines that are left out, by their number; never what they hold. */
  readonly problems: readonly string[];
}

function readUsers(text: string): ReadUsers {
  const users = new Map<string, PasswordUser>();
  const problems: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const written = line.trim();
    if (written === '' || written.startsWith('#')) {
      continue;
    }
    const colon = written.indexOf(':');
    const name = written.slice(0, Math.max(0, colon));
    const hash = written.slice(colon + 1);
    const problem = problemOf(name, hash, users);
    if (problem === null) {
      users.set(name, { name, hash: new Secret(hash) });
    } else {
      problems.push(`line ${String(index + 1)} ${problem}`);
    }
  }
  return { users: [...users.values()], problems };
}

function problemOf(name: string, hash: string, users: ReadonlyMap<string, PasswordUser>): string | null {
  if (name === '' || name.length > 255) {
    return 'has no name of at most 255 characters before a colon';
  }
  if (users.has(name)) {
    return 'has the name of a line before it';
  }
  const read = readPasswordHash(hash);
  return typeof read === 'string' ? read : null;
}
