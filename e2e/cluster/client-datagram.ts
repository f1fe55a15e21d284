// One datagram from wherever this is run, and the answer to it as it came: client-datagram.ts ADDRESS PORT TEXT
import { createSocket } from 'node:dgram';

const [address = '', port = '', sent = ''] = process.argv.slice(2);
const socket = createSocket('udp4');
const fail = (problem: string): void => {
  console.error(problem);
  process.exitCode = 1;
  socket.close();
};
const waiting = setTimeout(() => fail('no answer in five seconds'), 5_000);
socket.once('message', (answer) => {
  clearTimeout(waiting);
  console.log(answer.toString());
  socket.close();
});
socket.once('error', (error) => {
  clearTimeout(waiting);
  fail(String(error));
});
// Connected, it hears of a refusal.
socket.connect(Number(port), address, () => socket.send(sent));
