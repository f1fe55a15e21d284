import { handshakes, resumptions } from './handshakes.ts';
import { grpc, http2Small } from './http2.ts';
import { idle, idleHttp2 } from './idle.ts';
import { latency } from './latency.ts';
import { messages } from './messages.ts';
import { everything, large, small, tls, upload } from './requests.ts';
import type { Work } from './work.ts';

/** All works in the order of the tables. */
export const allWorks: readonly Work[] = [
  small,
  everything,
  large,
  upload,
  tls,
  handshakes,
  resumptions,
  http2Small,
  grpc,
  messages,
  latency,
  idle,
  idleHttp2,
];
