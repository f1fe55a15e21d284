import {
  authorityAt,
  authorityData,
  authorityFromData,
  issueServing,
  publicBundle,
  servingIsStale,
} from '#controller/authority/authority.ts';
import { DrawnSecrets, ticketDay } from '#controller/authority/gateway-secrets.ts';
import { AuthorityError } from '#controller/authority/authority-error.ts';
import { KubeError } from '#controller/kube/kube-error.ts';
import {
  applyConfigMap,
  createObject,
  managedLabels,
  replaceObject,
  secrets,
} from '#controller/kube/objects.ts';
import type { Authority, ServingCertificate } from '#controller/authority/authority.ts';
import type { GatewaySecrets } from '#controller/authority/gateway-secrets.ts';
import type { Clock } from '#controller/clock.ts';
import type { KubeClient } from '#controller/kube/kube-client.ts';
import type { Store } from '#controller/store/store.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import type { LoginSecret } from '#snapshot/open-id-connect.ts';
import type { Secret } from '#snapshot/secret.ts';

export interface AuthorityKeeperOptions {
  readonly client: KubeClient;
  readonly store: Store;
  readonly clock: Clock;
  /** The controller's. */
  readonly namespace: string;
  /** DNS names and addresses by which this replica is reached. */
  readonly names: readonly string[];
  /** A certificate to show from now on. */
  readonly onCertificate: (serving: ServingCertificate) => void;
  /** The certificates that are to be trusted from now on, PEM. */
  readonly onBundle: (bundle: string) => void;
  /** {@link AuthorityKeeper.ticketSecret}, {@link AuthorityKeeper.sessionSecret} and {@link AuthorityKeeper.loginSecret} may give others from now on. */
  readonly onSecrets: () => void;
  readonly report: (event: AuthorityEvent) => void;
}

/** What an operator may want to hear. */
export type AuthorityEvent =
  | { readonly kind: 'Written'; readonly rotation: boolean }
  /** `Unreadable`: the Secret holds none. It is tried again. */
  | { readonly kind: 'NotWritten' | 'Unreadable'; readonly error: Error };

/** The name of both the Secret with the authority and the ConfigMap with its certificates. */
const authorityName = 'turnpike-ca';

const lookEveryMs = 600_000;
const retryMs = 2_000;

/**
 * Keeps the authority that data planes trust: the leader makes and rotates it, in a Secret; every replica signs
 * its own certificate with it. What the Secret holds comes back by the store, to the leader too.
 */
export class AuthorityKeeper {
  readonly #options: AuthorityKeeperOptions;
  #leading = false;
  #serving: ServingCertificate | null = null;
  #signing: Authority | null = null;
  #day = 0;
  readonly #secrets = new DrawnSecrets();
  #bundle: string | null = null;
  #working: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #callOff = () => {};

  constructor(options: AuthorityKeeperOptions) {
    this.#options = options;
  }

  /** All certificates to be trusted, PEM; null before there is an authority. */
  get bundle(): string | null {
    return this.#bundle;
  }

  /** What the Gateway's data planes share for session tickets today; null before there is an authority. */
  ticketSecret(gateway: GatewayKey): Secret<string> | null {
    return this.#secretsOf(gateway)?.tickets ?? null;
  }

  /** What the Gateway's data planes share for session tokens; null before there is an authority. */
  sessionSecret(gateway: GatewayKey): Secret<string> | null {
    return this.#secretsOf(gateway)?.sessions ?? null;
  }

  /** What the Gateway's data planes share for the cookies of logins this week; null before there is an authority. */
  loginSecret(gateway: GatewayKey): LoginSecret | null {
    return this.#secretsOf(gateway)?.login ?? null;
  }

  lead(): void {
    this.#leading = true;
    this.look();
  }

  follow(): void {
    this.#leading = false;
  }

  stop(): void {
    this.#stopped = true;
    this.#callOff();
  }

  /** Looks whether anything is to be done: after the Secret changed, and now and then. */
  look(): void {
    if (this.#stopped) {
      return;
    }
    if (this.#working !== null) {
      this.#again = true;
      return;
    }
    this.#callOff();
    this.#working = this.#work().finally(() => {
      this.#working = null;
      if (this.#again) {
        this.#again = false;
        this.look();
      }
    });
  }

  async #work(): Promise<void> {
    const { clock, report } = this.#options;
    let nextMs = lookEveryMs;
    try {
      const kept = this.#kept();
      if (this.#leading) {
        await this.#keep(kept);
      }
      if (kept !== null) {
        await this.#serve(kept);
      }
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      const raced = error.failure === 'Conflict' || error.failure === 'AlreadyExists';
      if (!raced) report({ kind: 'NotWritten', error });
      nextMs = retryMs;
    }
    if (!this.#stopped) {
      this.#callOff = clock.after(nextMs, () => this.look());
    }
  }

  #kept(): Authority | null {
    const { store, namespace, report } = this.#options;
    const secret = store.objects.get('Secret', namespace, authorityName);
    if (secret === undefined) {
      return null;
    }
    const data = Object.entries(secret.data).map(([name, value]) => [
      name,
      Buffer.from(value, 'base64').toString(),
    ]);
    try {
      return authorityFromData(Object.fromEntries(data));
    } catch (error) {
      if (!(error instanceof AuthorityError)) throw error;
      report({ kind: 'Unreadable', error });
      return null;
    }
  }

  async #keep(kept: Authority | null): Promise<void> {
    const { client, store, clock, namespace, report } = this.#options;
    const wanted = await authorityAt(kept, clock.now());
    const bundle = publicBundle(wanted);
    if (store.objects.get('ConfigMap', namespace, authorityName)?.data['ca.crt'] !== bundle) {
      // First: data planes must trust an authority before it signs.
      await applyConfigMap(client, { namespace, name: authorityName }, { 'ca.crt': bundle });
    }
    if (wanted === kept) {
      return;
    }
    const place = { ...secrets, namespace, name: authorityName };
    const live = store.live('Secret', namespace, authorityName);
    const object = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: {
        name: authorityName,
        namespace,
        labels: managedLabels,
        ...(live === undefined ? {} : { resourceVersion: live.resourceVersion }),
      },
      stringData: authorityData(wanted),
    };
    await (live === undefined ? createObject(client, place, object) : replaceObject(client, place, object));
    report({ kind: 'Written', rotation: kept !== null });
  }

  async #serve(authority: Authority): Promise<void> {
    const { clock, names, onCertificate, onBundle } = this.#options;
    const bundle = publicBundle(authority);
    if (bundle !== this.#bundle) onBundle(bundle);
    this.#bundle = bundle;
    const now = clock.now();
    this.#seal(authority, ticketDay(now));
    if (this.#serving === null || servingIsStale(this.#serving, authority, now)) {
      this.#serving = await issueServing(authority, names, now);
      onCertificate(this.#serving);
    }
  }

  #secretsOf(gateway: GatewayKey): GatewaySecrets | null {
    const at = { day: this.#day, nowMs: this.#options.clock.now() };
    return this.#signing === null ? null : this.#secrets.of(this.#signing, gateway, at);
  }

  #seal(authority: Authority, day: number): void {
    const isSame = this.#day === day && this.#signing?.current.certificate === authority.current.certificate;
    this.#signing = authority;
    this.#day = day;
    if (!isSame) this.#options.onSecrets();
  }
}
