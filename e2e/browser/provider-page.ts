import type { Page } from 'playwright-core';
import { password } from '#test/given/openid-provider.ts';

/** Fills in the provider's form that `page` shows, or will show in a moment, and sends it. */
export async function logInAs(page: Page, user: string, secret: string = password): Promise<void> {
  await page.fill('input[name=user]', user);
  await page.fill('input[name=password]', secret);
  await page.click('button');
}
