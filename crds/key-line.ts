// One API key as a line of text: what `turnpike key create` writes into Secrets that hold many, and the controller reads.
//
//   sha256:9b74c989...;prefix=tp_ab12cd34;consumer=acme;groups=partners,eu;plan=gold;expires=2027-06-30T00:00:00Z

/** A key by its hash, and who calls by it. */
export interface KeyLine {
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly consumer: string;
  /** `''`: not told, as of all that follow. */
  readonly prefix: string;
  readonly groups: readonly string[];
  readonly plan: string;
  /** RFC 3339 in UTC. */
  readonly expires: string;
}

/** What a line says, or what is wrong with it and what to do. Never holds the line itself: it may be a key. */
export type ReadKeyLine =
  | { readonly ok: true; readonly line: KeyLine }
  | { readonly ok: false; readonly detail: string };

const begin = 'sha256:';

/** The line, without its end. */
export function keyLine({ sha256, consumer, prefix, groups, plan, expires }: KeyLine): string {
  const told = { prefix, consumer, groups: groups.join(','), plan, expires };
  const members = Object.entries(told).flatMap(([name, value]) => (value === '' ? [] : [`${name}=${value}`]));
  return [`${begin}${sha256}`, ...members].join(';');
}

/** Whether a line says that it is one of these; what does not may be a key itself. */
export function isKeyLine(text: string): boolean {
  return text.startsWith(begin);
}

const name = /^[A-Za-z0-9]([A-Za-z0-9._@:+-]{0,126}[A-Za-z0-9])?$/;
const time = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;

/** For each member, whether a value of it is well formed. */
const members: Readonly<Record<string, (value: string) => boolean>> = {
  prefix: (value) => /^[A-Za-z0-9_-]{4,32}$/.test(value),
  consumer: (value) => name.test(value),
  groups: (value) => value.split(',').every((group) => name.test(group)) && value.split(',').length <= 32,
  plan: (value) => name.test(value),
  expires: (value) => time.test(value) && !Number.isNaN(Date.parse(value)),
};

/** Reads a line for which {@link isKeyLine} holds, blanks around it removed. */
export function readKeyLine(text: string): ReadKeyLine {
  const [first = '', ...rest] = text.split(';');
  const sha256 = first.slice(begin.length);
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    return wrong('sha256: must be followed by 64 hexadecimal digits in lower case');
  }
  const told = new Map<string, string>();
  for (const member of rest) {
    const [key = '', ...value] = member.split('=');
    const isGood = Object.hasOwn(members, key) ? members[key] : undefined;
    if (isGood === undefined) {
      return wrong(
        `a member is none of ${Object.keys(members).join(', ')}: each is written name=value, with ; between`,
      );
    }
    if (told.has(key)) return wrong(`${key} is there twice: remove one`);
    if (!isGood(value.join('='))) return wrong(`the value of ${key} is not well formed`);
    told.set(key, value.join('='));
  }
  const { consumer = '', prefix = '', groups = '', plan = '', expires = '' } = Object.fromEntries(told);
  if (consumer === '') return wrong('nobody is named: add ;consumer=NAME');
  return {
    ok: true,
    line: { sha256, consumer, prefix, groups: groups === '' ? [] : groups.split(','), plan, expires },
  };
}

function wrong(detail: string): ReadKeyLine {
  return { ok: false, detail };
}
