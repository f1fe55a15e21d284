// Lists as data planes hold them: what changes when they are told anew.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressLists } from '#dataplane/protect/address-lists.ts';
import { resourceId } from '#snapshot/ids.ts';
import { packNetworks, type AddressList } from '#snapshot/address-list.ts';

function list(name: string, bits: number): AddressList {
  const ipv4 = packNetworks([{ octets: [10, 0, 0, 0], bits }]);
  return { kind: 'AddressList', id: resourceId('AddressList', 'shop', name), ipv4, ipv6: '' };
}

test('what is remembered of addresses is good until a list changes, comes or goes, and no shorter', async () => {
  const lists = new AddressLists();
  const [one, two] = [list('one', 8), list('two', 16)];
  const after = async (...all: readonly AddressList[]) => {
    assert.deepEqual(await lists.load(all), []);
    return lists.generation;
  };
  assert.equal(await after(), 0);
  assert.equal(await after(one, two), 1);
  assert.equal(await after(one, two), 1, 'the same lists');
  assert.equal(await after(two, one), 1, 'in another order');
  assert.equal(await after(one, list('two', 17)), 2, 'one has changed');
  assert.equal(await after(one), 3, 'one has gone');
  assert.equal(await after(one, two), 4, 'one has come');
});

test('one that cannot be read is told of, and leaves what was there', async () => {
  const lists = new AddressLists();
  const one = list('one', 8);
  await lists.load([one]);
  const table = lists.table(one.id);
  const refused = await lists.load([{ ...one, ipv4: 'IQ==' }]);
  assert.deepEqual(refused, [{ id: one.id, reason: 'a network is longer than an address' }]);
  assert.equal(lists.table(one.id), table);
  assert.equal(lists.generation, 1);
});
