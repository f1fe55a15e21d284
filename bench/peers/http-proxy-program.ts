// The process that peers/http-proxy.ts measures. usage: http-proxy-program.ts PORT BACKEND-PORT [CHAIN KEY]
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import httpProxy from 'http-proxy';

const [port, backendPort, chain, key] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${backendPort}`, agent, xfwd: true });
proxy.on('error', (_error, _request, answer) => {
  if ('writeHead' in answer) answer.writeHead(502).end();
});
const answerer: http.RequestListener = (request, answer) => proxy.web(request, answer);
const server =
  chain === undefined || key === undefined
    ? http.createServer(answerer)
    : https.createServer(
        { cert: readFileSync(chain), key: readFileSync(key), ecdhCurve: 'X25519' },
        answerer,
      );
server.keepAliveTimeout = 600_000;
server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head));
server.listen(Number(port), '127.0.0.1', 4096);
