// Handshakes of TLS 1.3 with X25519, each with one GET: 16 at once, each on a connection of its own. usage:
// handshakes-program.ts PORT SECONDS full|resumed   Says a line of JSON: done, failed (another status, another version or
// group, a session not as it should be), perSecond.
import { connect } from 'node:tls';

const [portText, secondsText, kind] = process.argv.slice(2);
const port = Number(portText);
const seconds = Number(secondsText);
const resumed = kind === 'resumed';
const request =
  'GET /bench/small HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: bench/1.0 (linux)\r\nConnection: close\r\n\r\n';

let session: Buffer | undefined;
let done = 0;
let failed = 0;
const beganMs = performance.now();
const over = (): boolean => performance.now() - beganMs > seconds * 1000;

function once(): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = '';
    let fits = false;
    const expected = resumed && session !== undefined;
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername: 'bench.example',
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      ecdhCurve: 'X25519',
      ...(expected ? { session } : {}),
    });
    socket.on('session', (fresh: Buffer) => {
      if (resumed) session = fresh;
    });
    socket.once('secureConnect', () => {
      fits = socket.getProtocol() === 'TLSv1.3' && socket.isSessionReused() === expected;
      socket.write(request);
    });
    socket.on('data', (data: Buffer) => (answer += data.toString('latin1')));
    socket.on('error', () => {});
    socket.once('close', () => resolve(fits && answer.startsWith('HTTP/1.1 200')));
  });
}

async function repeat(): Promise<void> {
  while (!over()) {
    if (await once()) done += 1;
    else failed += 1;
  }
}

// The first gives the session that the others resume; it is not counted.
if (!(await once())) failed += 1;
done = 0;
await Promise.all(Array.from({ length: 16 }, repeat));
console.log(JSON.stringify({ done, failed, perSecond: done / ((performance.now() - beganMs) / 1000) }));
