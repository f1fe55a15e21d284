// The demo services as processes, for a cluster. usage: node main.ts hello NAME PORT | node main.ts issuer PORT
import { startHello } from './hello.ts';
import { startIssuer } from './issuer.ts';

const [service, ...rest] = process.argv.slice(2);
const port = Number(rest.at(-1));
const server =
  service === 'issuer'
    ? await startIssuer('0.0.0.0', port)
    : await startHello(rest[0] ?? 'hello', '0.0.0.0', port);
console.log(`${process.argv.slice(2).join(' ')}: listening`);

process.on('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});
