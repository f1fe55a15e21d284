// What we use of the package bcrypt, which tells no types of its own.
declare module 'bcrypt' {
  const bcrypt: {
    /** Whether `hash` (prefix `$2a$` or `$2b$`) is that of `password`; worked out on libuv's threads. */
    compare(password: Buffer, hash: string): Promise<boolean>;
  };
  export default bcrypt;
}
