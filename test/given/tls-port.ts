import assert from 'node:assert/strict';
import { loadCertificate } from '#dataplane/compile/certificates.ts';
import { TlsCompiler } from '#dataplane/compile/tls.ts';
import { listenerTlsDefaults } from '#snapshot/client-defaults.ts';
import { listenerId } from './route.ts';
import type { TlsPort } from '#dataplane/runtime.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import type { ListenerTls } from '#snapshot/listener.ts';

/** A listener of a TLS port: its certificates, and how it shakes hands where not as without any policy. */
export interface GivenTlsListener extends Partial<ListenerTls> {
  readonly certificates: readonly Certificate[];
}

/** A TLS port as the compiler makes it of listeners by hostname; `''` is any host. `compiler`: of the ports before. */
export function aTlsPort(
  listeners: Readonly<Record<string, GivenTlsListener>>,
  compiler: TlsCompiler = new TlsCompiler(),
): TlsPort {
  const entries = Object.entries(listeners).map(([hostname, { certificates, ...tls }]) => {
    const name = hostname === '' ? 'any' : hostname;
    const base = { kind: 'Listener', createdMs: 0, id: listenerId(name), name, port: 443, hostname } as const;
    return {
      listener: {
        ...base,
        protocol: 'HTTPS' as const,
        filters: [],
        certificates: certificates.map(({ id }) => id),
        tls: { ...listenerTlsDefaults, ...tls },
      },
      relays: [],
      certificates: certificates.map((certificate) => {
        const loaded = loadCertificate(certificate);
        assert.ok(loaded.ok);
        return loaded.value;
      }),
    };
  });
  const refused: unknown[] = [];
  const port = compiler.port(entries, refused);
  assert.deepEqual(refused, []);
  return port;
}
