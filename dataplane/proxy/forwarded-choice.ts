// X-Forwarded-* and Forwarded (RFC 7239) where they are not simply ours: the choice of a ClientPolicy.
import type { Client } from '#dataplane/http/exchange.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { RequestHead } from '#dataplane/http/message.ts';
import type { ForwardedHeaders, ForwardedMode } from '#snapshot/client-settings.ts';

/** Whom a request comes from, by whom, and what is told of that. */
export interface ForwardedFrom {
  readonly client: Client;
  /** The other end of the connection: the client itself, or a proxy before us. */
  readonly peer: Client;
  readonly port: number;
  readonly rules: ForwardedHeaders;
}

/** Adds to `fields`, which have none of them, what a backend shall read in these fields. */
export function addForwarded(fields: Fields, request: RequestHead, from: ForwardedFrom): void {
  const { client, peer, port, rules } = from;
  const { authority } = request;
  const proto = peer.secure ? 'https' : 'http';
  const ours: readonly (readonly [name: string, value: string])[] = [
    ['X-Forwarded-Proto', proto],
    ['X-Forwarded-Host', authority],
    ['X-Forwarded-Port', String(port)],
  ];
  const told = request.fields.joined('x-forwarded-for');
  addChosen(fields, rules.xForwarded, 'X-Forwarded-For', { told, ours: client.address, last: peer.address });
  for (const [name, value] of ours) {
    // what the first proxy saw is what the client meant: nothing is appended to it
    const received = request.fields.get(name.toLowerCase());
    const mode = rules.xForwarded === 'Append' && received !== undefined ? 'Keep' : rules.xForwarded;
    addChosen(fields, mode, name, { told: received, ours: value, last: value });
  }
  if (rules.xForwarded === 'Append' || rules.xForwarded === 'Keep') keepOthers(fields, request.fields);
  const element = (address: string): string =>
    `for=${node(address)};${authority === '' ? '' : `host="${authority}";`}proto=${proto}`;
  addChosen(fields, rules.forwarded, 'Forwarded', {
    told: request.fields.joined('forwarded'),
    ours: element(client.address),
    last: element(peer.address),
  });
}

function addChosen(
  fields: Fields,
  mode: ForwardedMode,
  name: string,
  values: { readonly told: string | undefined; readonly ours: string; readonly last: string },
): void {
  const { told, ours, last } = values;
  const lower = name.toLowerCase();
  switch (mode) {
    case 'Replace':
      if (ours !== '') fields.append(lower, ours, name);
      break;
    case 'Append':
      if (told !== undefined || last !== '')
        fields.append(lower, told === undefined ? last : `${told}, ${last}`, name);
      break;
    case 'Keep':
      if (told !== undefined) fields.append(lower, told, name);
      break;
    case 'Remove':
      break;
    default:
      mode satisfies never;
  }
}

/** Lines like X-Forwarded-Prefix, of a proxy that is trusted with the usual ones. */
function keepOthers(fields: Fields, received: Fields): void {
  for (let line = 0; line < received.size; line += 1) {
    const name = received.nameAt(line);
    if (name.startsWith('x-forwarded-') && !usual.has(name)) fields.append(name, received.valueAt(line));
  }
}

const usual: ReadonlySet<string> = new Set([
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
]);

/** RFC 7239 section 6: an IPv6 address stands in brackets and quotes. */
function node(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address;
}
