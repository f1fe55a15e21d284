import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DatagramSocket } from '#dataplane/upstream/datagram-socket.ts';
import { eventually } from '#test/given/eventually.ts';

for (const address of ['255.255.255.255', '240.0.0.1', 'ff02::1', '::ffff:255.255.255.255']) {
  it(`an endpoint at ${address}, which no datagram reaches, is told and harms nobody else`, async () => {
    const refused: string[] = [];
    const socket = new DatagramSocket(
      { address, port: 9, outside: null, approached() {}, doubt() {}, trust() {} },
      { datagram: () => assert.fail('an answer'), refused: (detail) => refused.push(detail) },
    );
    for (let sent = 0; sent < 3; sent += 1) socket.send(Buffer.from('x'));
    await eventually(() => refused.length > 0 || address !== '255.255.255.255');
    socket.send(Buffer.from('x'));
    socket.close();
    assert.ok(refused.length <= 1);
  });
}
