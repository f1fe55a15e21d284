// How clients are told what to bring: RFC 9110 section 11.6.1, RFC 6750 section 3, RFC 9728 section 5.1.
import type { Exchange } from '#dataplane/http/exchange.ts';
import type { Authentication } from '#snapshot/authentication.ts';
import { metadataUrl } from '#snapshot/resource-metadata.ts';

/** Challenges that lack what only a request tells: the host, where the policy names no realm. */
export class Challenges {
  readonly #policy: Pick<Authentication, 'realm' | 'resourceMetadata'>;
  readonly #challenges: readonly Parts[];

  /** `challenges`: as ways in tell them, a scheme and perhaps parameters; those with a realm keep it. */
  constructor(policy: Pick<Authentication, 'realm' | 'resourceMetadata'>, challenges: readonly string[]) {
    this.#policy = policy;
    this.#challenges = [...new Set(challenges)].map(partsOf);
  }

  /** For the client of `exchange`. */
  of(exchange: Exchange): readonly string[] {
    return this.#challenges.map((challenge) => this.#complete(challenge, exchange));
  }

  /** Another challenge, as {@link of} tells those of the policy. */
  complete(challenge: string, exchange: Exchange): string {
    return this.#complete(partsOf(challenge), exchange);
  }

  #complete({ scheme, parameters }: Parts, { request, client }: Exchange): string {
    const { realm, resourceMetadata } = this.#policy;
    const ofRealm = `realm="${realm === '' ? request.host : realm}"`;
    const origin = `${client.secure ? 'https' : 'http'}://${request.authority}`;
    const metadata =
      resourceMetadata === null ? [] : [`resource_metadata="${metadataUrl(resourceMetadata, origin)}"`];
    const all = [
      ...(parameters.includes('realm="') ? [] : [ofRealm]),
      ...(parameters === '' ? [] : [parameters]),
      // the one scheme it is defined for
      ...(scheme === 'Bearer' ? metadata : []),
    ];
    return `${scheme} ${all.join(', ')}`;
  }
}

interface Parts {
  readonly scheme: string;
  readonly parameters: string;
}

function partsOf(challenge: string): Parts {
  const at = challenge.indexOf(' ');
  if (at === -1) return { scheme: challenge, parameters: '' };
  return { scheme: challenge.slice(0, at), parameters: challenge.slice(at + 1) };
}
