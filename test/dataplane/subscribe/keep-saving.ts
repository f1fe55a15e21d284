// Saves one snapshot after the other in the directory of its argument, telling each, until it is killed.
import { LastGood } from '#dataplane/subscribe/last-good.ts';
import { encodeResource } from '#snapshot/encode.ts';
import { edge, order, route } from '#test/controller/publish/given.ts';

const lastGood = new LastGood({
  dir: process.argv[2] ?? '',
  gateway: edge,
  now: Date.now,
  onProblem: () => {},
});
const saved = await lastGood.load();
const first = Number(saved?.order.kinds['HTTPRoute']?.seen ?? 0) + 1;
for (let revision = first; ; revision += 1) {
  const resources = Array.from({ length: 200 }, (_, index) => encodeResource(route(`r${index}`, revision)));
  await lastGood.write(order(revision), resources);
  process.stdout.write(`${revision}\n`);
}
