// What the controller's process refuses before it reaches for a cluster.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCommand } from '#test/given/command.ts';
import { controllerHelp } from '#controller/usage.ts';

/** The first line of what it complains of; without a wrong option that would be the cluster that is not there. */
async function complaint(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const none = { KUBERNETES_SERVICE_HOST: '', KUBERNETES_SERVICE_PORT: '', ...env };
  await using running = startCommand(process.execPath, ['controller/main.ts', ...args], { env: none });
  const { code, stderr } = await running.ended;
  assert.equal(code, 2);
  assert.ok(stderr.endsWith(`\n\n${controllerHelp}`));
  return stderr.split('\n')[0];
}

for (const option of ['watch-namespaces', 'server-names', 'keys-from', 'dataplane-pull-secrets']) {
  test(`a list without a name is refused: --${option}=,`, async () => {
    assert.equal(
      await complaint([`--${option}=,`]),
      `turnpike controller: --${option} has an empty name in its list: ","`,
    );
  });
}

test('a list of nothing, as an unset variable of a shell makes it, does not come to mean all namespaces', async () => {
  assert.match((await complaint(['--watch-namespaces='])) ?? '', /--watch-namespaces has an empty name/);
});

test('the environment is looked at alike, but an empty variable there says nothing', async () => {
  assert.match(
    (await complaint([], { TURNPIKE_WATCH_NAMESPACES: 'shop,' })) ?? '',
    /--watch-namespaces has an empty name in its list: "shop,"/,
  );
  assert.doesNotMatch(
    (await complaint([], { TURNPIKE_WATCH_NAMESPACES: '' })) ?? '',
    /--watch-namespaces|empty name/,
  );
});
