// Slow clients in a process of their own, which yields to honest ones: node slow-clients-program.ts PORT COUNT SLOWNESS PER_SECOND
// Says how they fare as a line of JSON four times a second.
import { slowClients, slownesses } from './slow-clients.ts';

const [port, count, perSecond] = [2, 3, 5].map((at) => Number(process.argv[at]));
const slowness = slownesses.find((one) => one === process.argv[4]) ?? 'Silent';
const group = await slowClients({
  port: port ?? 0,
  count: count ?? 0,
  slowness,
  dripMs: 1000,
  perSecond: perSecond ?? 0,
});
setInterval(() => {
  const faring = { connected: group.connected(), open: group.open(), longestMs: group.longestMs() };
  process.stdout.write(`${JSON.stringify(faring)}\n`);
}, 250);
