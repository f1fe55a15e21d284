// gRPC's own interoperability client against its own server, with Turnpike between them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { ClusterError } from '../cluster/cluster-error.ts';
import { outputOf } from '../cluster/command.ts';
import { eventually } from '#test/given/eventually.ts';
import { pathRouteManifest } from '#test/given/manifests.ts';
import { aFreePort, givenStandalone } from '#test/given/standalone.ts';
import type { GivenStandalone } from '#test/given/standalone.ts';
import { interopPrograms } from './programs.ts';

/** https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md */
const cases = [
  'empty_unary',
  'large_unary',
  'client_streaming',
  'server_streaming',
  'ping_pong',
  'empty_stream',
  'timeout_on_sleeping_server',
  'cancel_after_begin',
  'cancel_after_first_response',
  'status_code_and_message',
  'special_status_message',
  'custom_metadata',
  'unimplemented_method',
  'unimplemented_service',
  'rpc_soak',
  'channel_soak',
] as const;

const soak = ['--soak_iterations=200', '--soak_max_failures=0', '--soak_overall_timeout_seconds=60'];

function interopService(port: number): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: interop }
spec: { ports: [{ name: grpc, port: 80, appProtocol: kubernetes.io/h2c }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: interop-1, labels: { kubernetes.io/service-name: interop } }
addressType: IPv4
ports: [{ name: grpc, port: ${port} }]
endpoints: [{ addresses: [127.0.0.1] }]
`;
}

async function accepts(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

let client = '';
let given: GivenStandalone;
let stopServer = async (): Promise<void> => {};

before(async () => {
  const programs = await interopPrograms();
  client = programs.client;
  const serverPort = await aFreePort();
  const server = spawn(programs.server, [`--port=${serverPort}`], { stdio: 'ignore' });
  stopServer = async () => {
    const gone = once(server, 'exit');
    if (server.kill('SIGKILL')) await gone;
  };
  await eventually(() => accepts(serverPort));
  given = await givenStandalone({
    'service.yaml': interopService(serverPort),
    'route.yaml': pathRouteManifest('interop', '/', 'interop'),
  });
  await eventually(() => run('empty_unary'), 20_000);
});

after(async () => {
  await given[Symbol.asyncDispose]();
  await stopServer();
});

async function run(name: string): Promise<void> {
  const flags = [`--server_host=127.0.0.1`, `--server_port=${given.port}`, `--test_case=${name}`];
  const command = [...flags, ...(name.endsWith('_soak') ? soak : [])];
  try {
    await outputOf(client, command, { deadlineMs: 90_000 });
  } catch (error) {
    if (error instanceof ClusterError) assert.fail(error.message);
    throw error;
  }
}

for (const name of cases) test(`gRPC's ${name} passes through`, () => run(name));
