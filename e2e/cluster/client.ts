/**
 * A machine outside the cluster with an address of its own, so that clients can be told apart: a network namespace behind
 * a cable of its own. It reaches what the node reaches (Services, LoadBalancer addresses, pods), and nothing else.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { addresses } from './addresses.ts';
import { lock } from './cache-folder.ts';
import { type CommandOptions, outputOf } from './command.ts';
import { removeNetwork } from './node-network.ts';
import { type Site, inNetwork } from './site.ts';

export type ClientAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

const requestProgram = path.join(import.meta.dirname, 'client-request.ts');
const datagramProgram = path.join(import.meta.dirname, 'client-datagram.ts');

/** One such client. It is there until the cluster goes down. */
export class Client {
  /** The address that its connections come from. */
  readonly address: string;
  readonly #network: string;

  constructor(address: string, network: string) {
    this.address = address;
    this.#network = network;
  }

  /** The words that run the command after them on this client: for what is spawned, such as a load generator. */
  get entry(): readonly [string, ...string[]] {
    return inNetwork({ network: this.#network });
  }

  /** Runs a program on this client to its end, and resolves with what it prints. */
  async outputOf(program: string, args: readonly string[], options?: CommandOptions): Promise<string> {
    const [nsenter, ...rest] = this.entry;
    return outputOf(nsenter, [...rest, program, ...args], options);
  }

  /** Asks once on a connection of its own. Rejects with a ClusterError when there is no answer within five seconds. */
  async get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<ClientAnswer> {
    const printed = await this.outputOf(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      requestProgram,
      url,
      JSON.stringify(headers),
    ]);
    return JSON.parse(printed) as ClientAnswer;
  }

  /** Sends one datagram, and resolves with the answer. Rejects with a ClusterError when there is none within five seconds. */
  async datagram(address: string, port: number, sent: string): Promise<string> {
    const args = ['--disable-warning=ExperimentalWarning', datagramProgram, address, String(port), sent];
    return (await this.outputOf(process.execPath, args)).trim();
  }
}

/** The client with the address 10.89.3.`host` (1 to 254), made when it is not there yet. */
export async function clientOf(site: Site, host: number): Promise<Client> {
  const name = `${site.name}-client-${host}`;
  const client = new Client(`${addresses.clients}.${host}`, `/run/netns/${name}`);
  // Noted before it is made, so that `down` finds it whatever happens.
  const note = path.join(site.runFolder, 'clients', name);
  await mkdir(note, { recursive: true });
  const release = await lock(path.join(note, 'lock'), `${name}: another run is making it; waiting`);
  try {
    if (!existsSync(path.join(note, 'made'))) await connect(site, client, host);
    await writeFile(path.join(note, 'made'), '');
  } finally {
    await release();
  }
  return client;
}

async function connect(site: Site, client: Client, host: number): Promise<void> {
  const name = `${site.name}-client-${host}`;
  // What is left of one that was not finished; its end of the cable goes with it.
  await removeNetwork(name);
  await outputOf('ip', ['netns', 'add', name]);
  const [program, ...entry] = inNetwork(site);
  const onNode = `ip link add client${host} type veth peer name eth0 netns ${name}
    ip link set client${host} up
    ip route add ${client.address} dev client${host}`;
  await outputOf(program, [...entry, 'sh', '-ec', onNode]);
  const onClient = `ip link set lo up
    ip address add ${client.address}/32 dev eth0
    ip link set eth0 up
    ip route add ${addresses.node} dev eth0
    ip route add default via ${addresses.node} dev eth0`;
  await client.outputOf('sh', ['-ec', onClient]);
}
