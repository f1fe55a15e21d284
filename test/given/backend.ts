import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A backend on loopback that answers JSON {service, method, path, headers} unless told otherwise. */
export interface GivenBackend extends AsyncDisposable {
  readonly port: number;
  /** Requests it has seen. */
  requests(): number;
  /** Cuts all connections and listens no more. */
  stop(): Promise<void>;
}

export type Answering = (request: IncomingMessage, answer: ServerResponse) => void;

export interface BackendChoices {
  readonly answer?: Answering;
  readonly upgrade?: (request: IncomingMessage, socket: Socket) => void;
}

/** What the default answer tells. */
export interface Seen {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export async function givenBackend(service: string, choices: BackendChoices = {}): Promise<GivenBackend> {
  let requests = 0;
  const tell: Answering = ({ method, url: path, headers }, answer) => {
    answer.setHeader('content-type', 'application/json');
    answer.end(JSON.stringify({ service, method, path, headers }));
  };
  const server = createServer((request, answer) => {
    requests += 1;
    (choices.answer ?? tell)(request, answer);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const { upgrade } = choices;
  if (upgrade !== undefined) server.on('upgrade', (request, socket) => upgrade(request, socket as Socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  };
  return {
    port: (server.address() as AddressInfo).port,
    requests: () => requests,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
