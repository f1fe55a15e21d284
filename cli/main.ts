// The turnpike command. Each subcommand is a file of its own, loaded when it is wanted.
import build from '../package.json' with { type: 'json' };
import { turnpikeHelp } from './usage.ts';

const [command, ...rest] = process.argv.slice(2);

switch (command ?? '--help') {
  case 'up': {
    const { up } = await import('./up/up.ts');
    await up(rest);
    break;
  }
  case 'check': {
    const { check } = await import('./check/check.ts');
    process.exitCode = await check(rest);
    break;
  }
  case 'key': {
    const { key } = await import('./key/key.ts');
    process.exitCode = await key(rest);
    break;
  }
  case 'usage': {
    const { usage } = await import('./metering/usage-command.ts');
    process.exitCode = await usage(rest, Date.now());
    break;
  }
  case 'ban': {
    const { ban } = await import('./ban/ban.ts');
    process.exitCode = await ban(rest);
    break;
  }
  case 'version':
  case '--version':
    console.log(`turnpike ${build.version} on node ${process.versions.node}`);
    break;
  case '--help':
  case '-h':
  case 'help':
    process.stdout.write(turnpikeHelp);
    break;
  default:
    console.error(`turnpike: there is no command ${command}\n\n${turnpikeHelp}`);
    process.exitCode = 2;
}
