/** What is wrong with the options of a command line, without what node:util says of positional arguments. */
export function optionProblem(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\. To specify a positional argument .*$/s, '');
}
