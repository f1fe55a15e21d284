import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { addressIn, isInNamespace, nodeAddress } from '../cluster/namespace.ts';

describe('the namespace of the tests', () => {
  it('lets a test listen on an address nobody configured, and clients come from the node', async () => {
    assert.ok(isInNamespace());
    const server = createServer((socket) => socket.end(socket.remoteAddress ?? ''));
    server.listen(80, addressIn('dataPlane', 7));
    await once(server, 'listening');
    const client = connect(80, addressIn('dataPlane', 7));
    const [from] = (await once(client, 'data')) as [Buffer];
    assert.equal(from.toString(), nodeAddress);
    server.close();
  });

  it('refuses a connection to an address where nobody listens', async () => {
    const client = connect(80, addressIn('backend', 254));
    await assert.rejects(once(client, 'connect'), { code: 'ECONNREFUSED' });
  });

  it('has no way out: an address elsewhere is unreachable', async () => {
    const client = connect(80, '192.0.2.1');
    await assert.rejects(once(client, 'connect'), { code: 'EHOSTUNREACH' });
  });
});
