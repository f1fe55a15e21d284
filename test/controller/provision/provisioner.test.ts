import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gatewayKey } from '#snapshot/ids.ts';
import { refuse } from '#test/given/api-server.ts';
import { ManualClock } from '#test/given/clock.ts';
import { eventually } from '#test/given/eventually.ts';
import type { ServerResponse } from 'node:http';

import {
  budgets,
  daemonSets,
  deployments,
  failing,
  given,
  name,
  paths,
  portsOf,
  quiet,
  serviceType,
  services,
  wanted,
} from '#test/given/provisioner.ts';

describe('provisioning', () => {
  test('makes nothing before it leads and knows the authorities, and then all, once', async (t) => {
    const { server, provisioner, put, written, isDone, events } = await given(t);
    put(wanted());
    provisioner.lead();
    await quiet(written);
    assert.equal(written(), 0);
    provisioner.useAuthorities('PEM');
    await eventually(() => isDone());
    await quiet(written);
    for (const path of ['/api/v1/serviceaccounts', '/api/v1/configmaps', services, deployments, budgets]) {
      assert.ok(server.get(path, 'shop', name), path);
    }
    assert.deepEqual(
      events.map(({ kind }) => kind),
      Array.from({ length: 5 }, () => 'Created'),
    );
    const before = written();
    put(wanted());
    await quiet(written);
    assert.equal(written(), before, 'the same again is no work');
  });

  test('puts back what others change, and rests when nothing of it has changed', async (t) => {
    const { server, start, written, isDone, events } = await given(t);
    start(wanted());
    await eventually(() => isDone());
    await quiet(written);
    const service = server.get(services, 'shop', name);
    assert.ok(service);
    server.put(services, { ...service, status: { loadBalancer: {} } });
    const before = written();
    await quiet(written);
    assert.equal(written(), before, 'a status is not ours');
    server.put(services, { ...service, spec: { ...(service['spec'] as object), type: 'NodePort' } });
    await eventually(() => serviceType(server) === 'LoadBalancer');
    server.delete(deployments, 'shop', name);
    await eventually(() => server.get(deployments, 'shop', name) !== undefined);
    assert.ok(events.some(({ kind, object }) => kind === 'PutBack' && object === `Service shop/${name}`));
  });

  test('puts back a port that was given another number, whose name is in the way of ours', async (t) => {
    const { server, start, written, isDone } = await given(t);
    start(wanted());
    await eventually(() => isDone());
    await quiet(written);
    const service = server.get(services, 'shop', name);
    assert.ok(service);
    const moved = {
      ...service,
      spec: { ...(service['spec'] as object), ports: [{ name: 'tcp-80', port: 8080 }] },
    };
    // As an API server does that finds two ports of one name.
    server.faults.add(({ method, path, contentType }, response) => {
      const isApply = method === 'PATCH' && contentType.includes('apply-patch');
      const isHindered = path.includes('/services/') && portsOf(server).includes(8080);
      return isApply && isHindered && refuse(response, 422);
    });
    server.put(services, moved);
    await eventually(() => portsOf(server).join() === '80');
    await eventually(() => isDone());
  });

  test('waits the longer the oftener somebody wants a field of ours otherwise', async (t) => {
    const clock = new ManualClock();
    const { server, start, written, isDone } = await given(t, clock);
    start(wanted());
    await eventually(() => isDone());
    await quiet(written);
    const change = () => {
      const service = server.get(services, 'shop', name);
      assert.ok(service);
      server.put(services, { ...service, spec: { type: 'NodePort' } });
    };
    for (let times = 0; times < 5; times += 1) {
      change();
      await eventually(() => serviceType(server) === 'LoadBalancer');
    }
    for (const ms of [1_000, 2_000, 4_000]) {
      // The look at what we have just put back ourselves waits too.
      await quiet(written);
      clock.advance(ms);
      await quiet(written);
      assert.ok(!clock.waiting.includes(ms));
      change();
      await eventually(() => clock.waiting.includes(ms));
      assert.equal(serviceType(server), 'NodePort');
      clock.advance(ms);
      await eventually(() => serviceType(server) === 'LoadBalancer');
    }
  });

  test('who changes all of it all the time neither hurries the answer nor puts it off', async (t) => {
    const clock = new ManualClock();
    const { server, start, written, isDone, events } = await given(t, clock);
    start(wanted());
    await eventually(() => isDone());
    await quiet(written);
    let edits = 0;
    const change = () => {
      edits += 1;
      for (const path of paths) {
        const live = server.get(path, 'shop', name);
        const labels = { 'app.kubernetes.io/instance': String(edits) };
        if (live) server.put(path, { ...live, metadata: { ...live.metadata, labels } });
      }
    };
    const editing = setInterval(change, 2);
    t.after(() => clearInterval(editing));
    const putBack = () => events.filter(({ kind }) => kind === 'PutBack').length;
    await eventually(() => putBack() >= 5);
    await quiet(written);
    const before = putBack();
    for (let seconds = 0; seconds < 60; seconds += 0.5) {
      const after = edits + 2;
      await eventually(() => edits > after);
      clock.advance(500);
    }
    await quiet(written);
    assert.ok(putBack() >= before + 10, `put back ${putBack()} times, of it ${before} at once`);
    assert.ok(putBack() < before + 60, `put back ${putBack()} times, of it ${before} at once`);
  });

  test('says nothing of a server that is away for a moment', async (t) => {
    const { server, start, problems, isDone } = await given(t);
    server.faults.add(failing('deployments', 503, 2));
    start(wanted());
    await eventually(() => isDone());
    assert.deepEqual([...new Set(problems)], [null]);
    assert.ok(server.get(deployments, 'shop', name));
  });

  test('tells a server that stays away after some tries, and that it goes on', async (t) => {
    const clock = new ManualClock();
    const { server, start, problems } = await given(t, clock);
    server.faults.add(failing('deployments', 503));
    start(wanted());
    await eventually(() => {
      clock.advance(1_000);
      return problems.length > 0;
    });
    assert.equal(problems[0]?.reason, 'Failing');
    assert.match(
      problems[0].message,
      /^Deployment shop\/edge-turnpike cannot be written: 503.*; it is tried again\.$/,
    );
  });

  test('tells what the API server refuses, and where to correct it', async (t) => {
    const { server, start, problems } = await given(t);
    server.faults.add(failing('deployments', 422));
    start(wanted());
    await eventually(() => problems.length > 0);
    assert.equal(problems[0]?.reason, 'Invalid');
    assert.match(
      problems[0].message,
      /^Deployment shop\/edge-turnpike is refused: 422.*; correct that in the GatewayParam/,
    );
  });

  test('tells a missing permission at once, makes the rest, and recovers', async (t) => {
    const { server, start, problems, isDone } = await given(t);
    const fault = failing('deployments', 403);
    server.faults.add(fault);
    start(wanted());
    await eventually(() => problems.length > 0);
    assert.equal(problems[0]?.reason, 'Forbidden');
    assert.match(problems[0].message, /^Deployment shop\/edge-turnpike cannot be written: 403.*; give the /);
    assert.ok(server.get(budgets, 'shop', name), 'what comes after it is made');
    server.faults.delete(fault);
    await eventually(() => isDone());
    assert.ok(server.get(deployments, 'shop', name));
  });

  test('tells a field that there is not at once, though the API server takes the blame', async (t) => {
    const { server, start, problems } = await given(t);
    const message =
      'failed to create typed patch object (shop/edge-turnpike; apps/v1, Kind=Deployment): .spec.template.spec.x: field not declared in schema';
    server.faults.add(({ method, path }, response) => {
      if (method !== 'PATCH' || !path.includes('deployments')) return false;
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code: 500, message }));
      return true;
    });
    start(wanted());
    await eventually(() => problems.length > 0);
    assert.equal(problems[0]?.reason, 'Invalid');
    assert.match(problems[0].message, /is refused: 500: failed .* schema; correct that in the Gateway/);
  });

  test('takes nothing that is not its own', async (t) => {
    const { server, start, problems, isDone } = await given(t);
    server.put(services, { metadata: { name, namespace: 'shop' }, spec: { type: 'ClusterIP' } });
    start(wanted());
    await eventually(() => problems.length > 0);
    assert.equal(problems[0]?.reason, 'ObjectExists');
    assert.deepEqual(server.get(services, 'shop', name)?.['spec'], { type: 'ClusterIP' });
    server.delete(services, 'shop', name);
    await eventually(() => isDone());
  });

  test('removes the old workload when the new one has a pod that is ready', async (t) => {
    const { server, start, put, written, isDone } = await given(t);
    start(wanted());
    await eventually(() => isDone());
    put(wanted({ workload: { type: 'DaemonSet' } }));
    await eventually(() => server.get(daemonSets, 'shop', name) !== undefined);
    await quiet(written);
    assert.ok(server.get(deployments, 'shop', name), 'it still serves');
    const daemonSet = server.get(daemonSets, 'shop', name);
    assert.ok(daemonSet);
    server.put(daemonSets, { ...daemonSet, status: { numberReady: 1 } });
    await eventually(() => server.get(deployments, 'shop', name) === undefined);
    await eventually(() => server.get(budgets, 'shop', name) === undefined);
  });

  test('keeps all of a Gateway that is broken, and removes all of one that is another controller’s', async (t) => {
    const { server, start, put, written, isDone } = await given(t);
    start(wanted());
    await eventually(() => isDone());
    await quiet(written);
    const before = written();
    put({ kind: 'Kept' });
    await quiet(written);
    assert.equal(written(), before);
    put({ kind: 'Released' });
    await eventually(() => paths.every((path) => server.get(path, 'shop', name) === undefined));
  });

  test('tells data planes a new authority though their Gateway is broken, and changes nothing else', async (t) => {
    const first = await given(t);
    first.start(wanted());
    await eventually(() => first.isDone());
    const { server, provisioner, put, written } = first;
    const told = () => server.get('/api/v1/configmaps', 'shop', name)?.['data'];
    put({ kind: 'Kept' });
    await quiet(written);
    const before = written();
    provisioner.useAuthorities('PEM and the next');
    await eventually(() => assert.deepEqual(told(), { 'ca.crt': 'PEM and the next' }));
    await provisioner.follow();
    provisioner.useAuthorities('the next');
    provisioner.lead();
    await eventually(() => assert.deepEqual(told(), { 'ca.crt': 'the next' }));
    await quiet(written);
    assert.equal(written() - before, 2);
  });

  test('leaves undone what it had begun when it no longer leads', async (t) => {
    const { server, provisioner, written } = await given(t);
    const held: ServerResponse[] = [];
    server.faults.add(({ method }, response) => method === 'PATCH' && held.push(response) > 0);
    const gateways = Array.from({ length: 20 }, (_, index) => `edge-${String(index)}`);
    provisioner.put(
      new Map(
        gateways.map((gateway) => [gatewayKey('shop', gateway), { ...wanted(), gateway, name: gateway }]),
      ),
    );
    provisioner.useAuthorities('PEM');
    provisioner.lead();
    await eventually(() => held.length === 8);
    await provisioner.follow();
    server.faults.clear();
    for (const response of held) refuse(response, 503);
    await quiet(written);
    assert.equal(written(), 8, 'what was under way, and no more');
  });

  test('writes nothing once it no longer leads', async (t) => {
    const { provisioner, start, put, written, isDone } = await given(t);
    start(wanted());
    await eventually(() => isDone());
    await provisioner.follow();
    await quiet(written);
    const before = written();
    put(wanted({ replicas: 7 }));
    await quiet(written);
    assert.equal(written(), before);
  });
});
