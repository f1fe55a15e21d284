// What a request is to a browser: whether its answer is a page that a person will see.
import type { RequestHead } from '#dataplane/http/message.ts';

/**
 * Whether somebody goes to a page, so that a redirect leads them to log in. Never so for what has content, which would be
 * lost, nor for what scripts ask, which could do nothing with the page of the provider. Where the browser does not tell
 * (Sec-Fetch-Mode), what it accepts does.
 */
export function isNavigation({ method, fields }: RequestHead): boolean {
  if (method !== 'GET') return false;
  if (fields.has('x-requested-with') || fields.has('purpose') || fields.has('sec-purpose')) return false;
  const mode = fields.get('sec-fetch-mode');
  if (mode !== undefined) return mode === 'navigate';
  return accepts(fields.joined('accept') ?? '', 'text/html');
}

/**
 * Whether it is not the person who comes here but others who send the browser: another site, or a neighbour (another host
 * of the same one) where nobody clicked to go here. A browser that does not tell is believed.
 */
export function isFromElsewhere({ fields }: RequestHead): boolean {
  switch (fields.get('sec-fetch-site')) {
    case undefined:
    case 'same-origin':
    case 'none':
      return false;
    case 'same-site':
      return fields.get('sec-fetch-user') !== '?1' || fields.get('sec-fetch-dest') !== 'document';
    default:
      return true;
  }
}

function accepts(told: string, type: string): boolean {
  return told.split(',').some((one) => one.split(';')[0]?.trim().toLowerCase() === type);
}
