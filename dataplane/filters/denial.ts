import type { Denial, DenialWords } from '#dataplane/http/denial.ts';
import type { DenialText } from '#snapshot/authentication.ts';

/** The denial that `body` is the template of: `{status}`, `{title}` and `{requestId}` stand for these. */
export function denialOf({ contentType, body }: DenialText): Denial {
  // Texts and names by turns.
  const parts = body.split(/\{(status|title|requestId)\}/u);
  const escape = escapeFor(contentType);
  return {
    contentType,
    text: (told) =>
      parts.map((part, index) => (index % 2 === 0 ? part : escape(wordOf(told, part)))).join(''),
  };
}

function wordOf(told: DenialWords, name: string): string {
  if (name === 'status') return String(told.status);
  return name === 'title' ? told.title : told.requestId;
}

/** A client may choose the id of its request: it must not become markup. */
function escapeFor(contentType: string): (word: string) => string {
  if (/json/iu.test(contentType)) return (word) => JSON.stringify(word).slice(1, -1);
  if (/^text\/plain\b/iu.test(contentType)) return (word) => word;
  return (word) => word.replaceAll(/[&<>"']/gu, (sign) => `&#${sign.charCodeAt(0)};`);
}
