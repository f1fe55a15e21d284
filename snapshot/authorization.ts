/** One thing that must hold for requests, once it is known who calls; all of its parts must. */
export interface AuthorizationEntry {
  readonly name: string;
  /** Shadow: counted and logged, never refused. */
  readonly mode: 'Enforce' | 'Shadow';
  /** One of them; empty: any. */
  readonly methods: readonly string[];
  /** Networks (CIDR) of which one holds the client's address; empty: any address. */
  readonly allow: readonly string[];
  /** Networks of which none does. */
  readonly deny: readonly string[];
  /** All of them. */
  readonly scopes: readonly string[];
  /** One of them; empty: any, or none. */
  readonly groups: readonly string[];
  readonly claims: readonly RequiredClaim[];
  /** An expression (CEL); null: none. */
  readonly when: string | null;
}

/** A claim that must be one of `values`, or hold one of them. */
export interface RequiredClaim {
  /** Dots descend into objects. */
  readonly claim: string;
  readonly values: readonly string[];
}
