import { nothing, type Exchange } from '#dataplane/http/exchange.ts';
import { Fields } from '#dataplane/http/fields.ts';

/** What filters note of an exchange, as it is before they do, and what they may want to know of its answer. */
export class Notes implements Pick<Exchange, keyof Notes> {
  readonly answerFields = new Fields();
  identity: Exchange['identity'] = null;
  denial: Exchange['denial'] = null;
  shadowed: string | null = null;
  atSent: Exchange['atSent'] = nothing;
  atAnswer: Exchange['atAnswer'] = nothing;
  atEnd: Exchange['atEnd'] = nothing;
  bytesOut = 0;
  trailers: Fields | null = null;
}
