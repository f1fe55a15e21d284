// turnpike key: API keys by their hashes. Knows no cluster: what it writes is for kubectl, or for a folder.
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { optionProblem } from '../option-problem.ts';
import { keyArguments, keyHelp } from '../usage.ts';
import { addTo, consumerOf, lineOf, type Owner } from './create.ts';
import { expiryOf } from './expiry.ts';
import { keysIn, removeKeys } from './key-files.ts';
import { hashOf, newKey } from './new-key.ts';

/** The exit code: 0 done, 1 no such key, 2 wrong options. */
export async function key(args: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: keyArguments,
      allowPositionals: true,
    });
    const [command, ...rest] = positionals;
    if (values.help) {
      process.stdout.write(keyHelp);
      return 0;
    }
    switch (command) {
      case 'create':
        return await create(values, rest);
      case 'hash':
        return await tellHash(values, rest);
      case 'list':
        return await list(rest);
      case 'revoke':
        return await revoke(rest);
      case undefined:
        throw new TypeError('name a command');
      default:
        throw new TypeError(`there is no command key ${command}`);
    }
  } catch (error) {
    console.error(`turnpike: ${optionProblem(error)}\n\n${keyHelp}`);
    return 2;
  }
}

type Values = ReturnType<typeof parseArgs<{ options: typeof keyArguments }>>['values'];

function ownerOf({ consumer, namespace, group, plan, expires }: Values): Owner {
  if (consumer === undefined) throw new TypeError('say whose key it is: --consumer NAME');
  return {
    consumer,
    namespace,
    groups: group ?? [],
    plan: plan ?? '',
    expires: expires === undefined ? '' : expiryOf(expires, Date.now()),
  };
}

function noMore(rest: readonly string[]): void {
  if (rest.length > 0) throw new TypeError(`there is no place for ${rest.join(' ')}`);
}

async function create(values: Values, rest: readonly string[]): Promise<number> {
  noMore(rest);
  const owner = ownerOf(values);
  const made = newKey();
  if (values.file === undefined) {
    process.stdout.write(values.line ? `${lineOf(owner, made)}\n` : consumerOf(owner, made));
    console.error(`The key, which is told only now: ${made.key}`);
    return 0;
  }
  if (values.line) throw new TypeError('--line goes to standard output: append it yourself');
  const what = await addTo(values.file, owner, made);
  process.stdout.write(`${made.key}\n`);
  console.error(
    `The key is told only now; its hash is ${what === 'Added' ? 'one more credential' : 'the credential'} of Consumer ${owner.namespace}/${owner.consumer} in ${values.file}.`,
  );
  return 0;
}

/** Of a key that was made by others: so that it need not stand anywhere in plain. */
async function tellHash(values: Values, rest: readonly string[]): Promise<number> {
  noMore(rest);
  const owner = ownerOf(values);
  const given = (await text(process.stdin)).trim();
  if (given.length < 16 || given.length > 256 || !/^[!-~]+$/.test(given)) {
    throw new TypeError('standard input must be a key of 16 to 256 visible ASCII characters');
  }
  process.stdout.write(`${lineOf(owner, { sha256: hashOf(given), prefix: '' })}\n`);
  return 0;
}

async function list(folders: readonly string[]): Promise<number> {
  if (folders.length === 0) throw new TypeError('name a folder');
  for (const { object, consumer, prefix, plan, groups, expires, file } of await keysIn(folders)) {
    const told = [
      prefix || '-',
      consumer,
      plan || '-',
      groups.join(',') || '-',
      expires || 'never',
      object,
      file,
    ];
    process.stdout.write(`${told.join('  ')}\n`);
  }
  return 0;
}

async function revoke([prefix, ...folders]: readonly string[]): Promise<number> {
  if (prefix === undefined || folders.length === 0)
    throw new TypeError('name the prefix of a key and a folder');
  const removed = await removeKeys(folders, prefix);
  for (const { object, file } of removed)
    process.stdout.write(`${prefix} of ${object} is gone from ${file}\n`);
  if (removed.length === 0) console.error(`turnpike: no key ${prefix} in ${folders.join(', ')}`);
  return removed.length === 0 ? 1 : 0;
}
