// The process that peers/http-proxy.ts measures. usage: http-proxy-server.ts PORT BACKEND-PORT
import http from 'node:http';
import httpProxy from 'http-proxy';

const [port, backendPort] = process.argv.slice(2).map(Number);
const agent = new http.Agent({ keepAlive: true, maxSockets: 128 });
const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${backendPort}`, agent, xfwd: true });
proxy.on('error', (_error, _request, answer) => {
  if ('writeHead' in answer) answer.writeHead(502).end();
});
http.createServer((request, answer) => proxy.web(request, answer)).listen(port, '127.0.0.1');
