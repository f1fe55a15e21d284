/**
 * A real browser without a window: Debian's Chromium, driven over its own protocol. It resolves loopback names only, so
 * that nothing it does by itself leaves the machine.
 */
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext } from 'playwright-core';
import { needPackages } from '../cluster/debian.ts';

const program = '/usr/bin/chromium';
const loopbackOnly = 'MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost';

// A test's root may not have the user namespaces that Chromium's sandbox is made of.
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--host-resolver-rules=${loopbackOnly}`,
];

/** Gets what browser tests run on: Debian's package, installed where it is missing and this is root. */
export async function prepareBrowser(): Promise<void> {
  await needPackages([[program, 'chromium']]);
}

export interface GivenChromium extends AsyncDisposable {
  /**
   * A person with a browser of their own: no cookie, no cache; pages and tabs in it share both. It takes any certificate,
   * and waits ten seconds at most.
   */
  person(): Promise<BrowserContext>;
}

/** Starts it with a new, empty profile. */
export async function givenChromium(): Promise<GivenChromium> {
  const browser: Browser = await chromium.launch({ executablePath: program, args: flags, timeout: 30_000 });
  return {
    async person() {
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      context.setDefaultTimeout(10_000);
      return context;
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
