// A session: what the provider has said of somebody, and until when. Sealed in cookies.
import * as shape from '#snapshot/shape.ts';
import { parsed } from './parsed.ts';

/** What a browser brings with each request, sealed. */
export interface Session {
  /** Random, of this login. */
  readonly id: string;
  readonly begunMs: number;
  /** When what the provider said is over, and when it is asked to say it again. */
  readonly untilMs: number;
  readonly renewMs: number;
  /** As it was verified. */
  readonly idToken: string;
  /** What the provider told beside it, as JSON; `''`: it was not asked. */
  readonly userinfo: string;
  readonly scopes: readonly string[];
  /** `''`: nobody needs it. */
  readonly accessToken: string;
  /** `''`: there is none. */
  readonly refreshToken: string;
}

const sessionShape = shape.object<Session>({
  id: shape.text,
  begunMs: shape.integer(0),
  untilMs: shape.integer(0),
  renewMs: shape.integer(0),
  idToken: shape.text,
  userinfo: shape.text,
  scopes: shape.list(shape.text),
  accessToken: shape.text,
  refreshToken: shape.text,
});

/** The session that `text` tells; null for what tells none. */
export function sessionIn(text: string): Session | null {
  return parsed(text, sessionShape);
}
