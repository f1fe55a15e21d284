// What the data plane's process refuses before it starts anything.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCommand } from '#test/given/command.ts';
import { dataPlaneHelp } from '#dataplane/usage.ts';

for (const [controller, problem] of [
  [',', '--controller has an empty name in its list: ","'],
  ['https://one:8443,', '--controller has an empty name in its list: "https://one:8443,"'],
  ['https://one:8443,two:8443', '--controller is no https URL: two:8443'],
  ['http://one:8443', '--controller is no https URL: http://one:8443'],
] as const) {
  test(`--controller=${controller} is refused`, async () => {
    const options = ['--gateway=infra/edge', `--controller=${controller}`, '--ca-file=x', '--token-file=x'];
    await using running = startCommand(process.execPath, ['dataplane/main.ts', ...options]);
    const { code, stderr } = await running.ended;
    assert.equal(stderr, `turnpike data plane: ${problem}\n\n${dataPlaneHelp}`);
    assert.equal(code, 2);
  });
}

for (const url of ['https://', 'http://billing']) {
  test(`--usage-events=${url} is refused`, async () => {
    const places = ['--controller=https://one:8443', '--usage-journal=x', `--usage-events=${url}`];
    const options = ['--gateway=infra/edge', '--ca-file=x', '--token-file=x', ...places];
    await using running = startCommand(process.execPath, ['dataplane/main.ts', ...options]);
    const { code, stderr } = await running.ended;
    const problem = `--usage-events is neither an https URL with a host nor a file: ${url}`;
    assert.equal(stderr, `turnpike data plane: ${problem}\n\n${dataPlaneHelp}`);
    assert.equal(code, 2);
  });
}
