import type { TranslationSettings } from '#controller/translate/input.ts';

/** What a translation of folders goes by, whether it runs or is only checked. */
export const standaloneSettings: TranslationSettings = Object.freeze({
  controllerName: 'turnpike.dev/gateway-controller',
  dataPlanes: 'Standalone',
  trustedNetworks: ['127.0.0.0/8', '::1/128'],
});
