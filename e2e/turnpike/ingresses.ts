// What Ingresses lead to at all data planes of an installation, and what their statuses say.
import assert from 'node:assert/strict';
import { eventually } from '../cluster/eventually.ts';
import { ask } from './client.ts';
import type { Answer, Ask } from './client.ts';
import type { Echoed } from './echo.ts';
import type { Turnpike } from './turnpike.ts';

interface Status {
  readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] };
}

/** A listener of Gateway `default/edge` that shows what Ingresses name. */
const httpsListener = {
  name: 'https',
  protocol: 'HTTPS',
  port: 443,
  tls: { options: { 'turnpike.dev/certificates': 'Ingress' } },
  allowedRoutes: { namespaces: { from: 'All' } },
};

/** The Ingresses of one installation, in the namespace `default`. */
export class Ingresses {
  readonly #turnpike: Turnpike;

  constructor(turnpike: Turnpike) {
    this.#turnpike = turnpike;
  }

  /** The name of the backend that answers a request, or the status where it is not 200; all data planes must agree. */
  async answerTo(asked: Ask): Promise<string | number> {
    const all = await Promise.all(this.#turnpike.dataPlanes.map((one) => one.ask(asked)));
    const answers = new Set(all.map(named));
    const [answer] = answers;
    assert.ok(answer !== undefined && answers.size === 1, `data planes differ: ${[...answers].join()}`);
    return answer;
  }

  /** Resolves when GET of `path` is answered by this backend, or with this status. */
  until(host: string, path: string, expected: string | number): Promise<unknown> {
    return eventually(`${host}${path} answers ${expected}`, async () => {
      assert.equal(await this.answerTo({ host, path }), expected);
      return true;
    });
  }

  /** Those in the status of an Ingress. */
  async addressesOf(name: string): Promise<readonly (string | undefined)[]> {
    const { status } = (await this.#turnpike.get(`ingress/${name}`)) as { readonly status: Status };
    return status.loadBalancer?.ingress?.map(({ ip }) => ip) ?? [];
  }

  /** Resolves when these are the addresses in the status of an Ingress. */
  untilAddresses(name: string, expected: readonly string[]): Promise<unknown> {
    return eventually(`Ingress ${name} has the addresses ${expected.join()}`, async () => {
      return JSON.stringify(await this.addressesOf(name)) === JSON.stringify(expected) || undefined;
    });
  }

  /** Gives the Gateway a listener for the certificates of Ingresses. */
  async listenForTls(): Promise<void> {
    const patch = JSON.stringify([{ op: 'add', path: '/spec/listeners/-', value: httpsListener }]);
    await this.#turnpike.kubectl('patch', 'gateway', 'edge', '--type=json', `--patch=${patch}`);
  }

  /** GET of / by TLS for `host`, signed by `ca`, at the first data plane. */
  async securely(host: string, ca: string): Promise<Answer> {
    const [address] = this.#turnpike.addresses;
    assert.ok(address);
    return ask(address, { host, path: '/' }, { port: 443, tls: { servername: host, ca } });
  }
}

function named({ status, body }: Answer): string | number {
  return status === 200 ? (JSON.parse(body) as Echoed).service : status;
}
