import type { Rule } from './grammar.ts';

const configuration = '/.well-known/openid-configuration';

/** An issuer is told by its name: where its configuration stands follows from it. */
export const notItsConfiguration: Rule<string> = {
  cel: `!self.endsWith('${configuration}')`,
  message: `is where the issuer's configuration stands: name the issuer alone, without ${configuration}`,
  holds: (issuer) => !issuer.endsWith(configuration),
};

/** The address of keys is another one. */
export const notTheConfiguration: Rule<string> = {
  cel: `!self.endsWith('${configuration}')`,
  message:
    "is where the issuer's configuration stands, not its keys: set type to Discovery, or name the jwks_uri that is told there",
  holds: (uri) => !uri.endsWith(configuration),
};
