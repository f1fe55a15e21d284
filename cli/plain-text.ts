/** A text of others as it may stand in a line for people: without line ends, and what else would command a terminal. */
export function plainText(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}
