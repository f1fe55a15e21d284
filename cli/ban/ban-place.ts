import type { Ban } from '#crds/ban.ts';

/** A Ban as `turnpike ban` writes it. */
export interface BanManifest {
  readonly apiVersion: string;
  readonly kind: 'Ban';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly addresses: readonly string[];
    readonly action?: 'Lift';
    readonly expires?: string;
    readonly reason?: string;
  };
}

/** A ban that a rule of a policy has made, at some data plane or at all. */
export interface RuleBan {
  readonly address: string;
  /** `<namespace>/<policy>`. */
  readonly policy: string;
  readonly rule: string;
  readonly mode: string;
  /** RFC 3339. */
  readonly until: string;
}

/** What rules have made of bans, and why that may not be all. */
export interface RuleBans {
  readonly bans: readonly RuleBan[];
  readonly problems: readonly string[];
}

/** Where Bans of a namespace are kept. */
export interface BanPlace {
  readonly namespace: string;
  list(): Promise<readonly Ban[]>;
  madeByRules(): Promise<RuleBans>;
  /** Writes it, in place of one of its name. */
  put(manifest: BanManifest): Promise<void>;
  /** Takes it away; one that is gone already is no problem. */
  remove(name: string): Promise<void>;
  /** Whether a Gateway is there, for which Bans hold; null: that is not told. */
  hasGateway(): Promise<boolean | null>;
  close(): Promise<void>;
}
