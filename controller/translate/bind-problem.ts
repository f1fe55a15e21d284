/** Why a port cannot be opened, by the code that the system gives, and what to do. */
export function bindProblem(
  code: string,
  message: string,
): { readonly what: string; readonly remedy: string } {
  switch (code) {
    case 'EADDRINUSE':
      return { what: 'something else listens there', remedy: 'end it, or give the listener another port' };
    case 'EACCES':
      return { what: 'the data plane may not', remedy: 'give the listener a port of 1024 or more' };
    case 'EADDRNOTAVAIL':
      return { what: 'its machine does not have the address', remedy: "correct the data plane's --address" };
    default:
      return { what: message, remedy: 'mend that, or give the listener another port' };
  }
}
