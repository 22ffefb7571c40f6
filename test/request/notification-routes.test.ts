import assert from 'node:assert/strict';
import { sha256Of } from '../../src/config/build-http.js';
import { ApiBed, NOON_MS, type Body } from './api-bed.js';
import { someCallback } from '../adapters/store/fixtures.js';
import type { Notice } from '../../src/schedule/notices.js';

const TARGET = 'http://127.0.0.1:1/hook';
const KEY = 'a-key-for-support-only';
const ALL = 'a-key-for-everything';
const YAML = `
http:
  apiKeys:
    - { name: support, hash: "sha256:${sha256Of(KEY)}", scopes: [notifications], services: [support] }
    - { name: all, hash: "sha256:${sha256Of(ALL)}", scopes: [notifications] }
queues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
defaults: { queue: q }
services: { sales: {}, support: {} }
`;

describe('Notices over HTTP', () => {
  let bed: ApiBed;
  let pokes: number;
  beforeEach(async () => {
    pokes = 0;
    bed = await ApiBed.open(YAML, { pokeNotifier: () => (pokes += 1) });
  });
  afterEach(() => bed.close());

  /** As many that were given up. */
  const given = async (count: number, serviceName: string, target = TARGET): Promise<string[]> => {
    const ids: string[] = [];
    for (let left = count; left > 0; left -= 1) {
      const notice = { event: '_cbe_on_x', target, atMs: NOON_MS, deliveriesMax: 1, data: {} };
      const { id } = await bed.store.accept(someCallback({ serviceName, notices: [notice] }));
      ids.push(`${id}.1`);
    }
    await bed.store.claimNotices(NOON_MS, count, 1000);
    await bed.store.settleNotices(ids.map((id) => ({ id, kind: 'dead', why: 'answered 500' })));
    return ids;
  };
  const get = async (query = '', key = ALL) => {
    const headers = { 'x-api-key': key };
    const answer = await bed.api.inject({ url: `/v1/notifications${query}`, headers });
    assert.equal(answer.statusCode, 200, answer.body);
    return answer.json<{ notices: Notice[]; next?: string }>();
  };
  const replay = async (payload: object | undefined, key = ALL): Promise<unknown> => {
    const headers = { 'x-api-key': key };
    const url = '/v1/notifications/replay';
    const order = { method: 'POST', url, headers, ...(payload && { payload }) } as const;
    return (await bed.api.inject(order)).json<Body>()['replayed'];
  };

  it('are listed page by page, oldest first, with why they were given up', async () => {
    const ids = await given(5, 'sales');
    const first = await get('?limit=3');
    const second = await get(`?limit=3&cursor=${first.next}`);
    const listed = [...first.notices, ...second.notices];
    assert.deepEqual(
      listed.map(({ id }) => id),
      ids,
    );
    assert.equal(second.next, undefined);
    assert.deepEqual([listed[0]?.why, listed[0]?.isDead], ['answered 500', true]);
    assert.deepEqual((await get('?dead=false')).notices, []);
    const callback = ids[2]?.slice(0, -2) ?? '';
    assert.equal((await get(`?callback=${callback}`)).notices.length, 1);
  });

  it('are sent once more, those that are named or all of them', async () => {
    const ids = await given(3, 'sales');
    assert.equal(await replay({ ids: [ids[1], 'nobody.1'] }), 1);
    assert.equal(pokes, 1);
    const [again] = await bed.store.claimNotices(NOON_MS, 10, 1000);
    assert.deepEqual([again?.id, again?.deliveryCount], [ids[1], 1]);
    assert.equal(await replay(undefined), 2);
    assert.equal((await get()).notices.length, 0);
  });

  it('are switched on again with their target', async () => {
    const [id = ''] = await given(1, 'sales');
    await bed.store.settleNotices([{ id, kind: 'gone', why: 'answered 410', atMs: NOON_MS }]);
    const notice = {
      ...{ event: '_cbe_on_y', target: TARGET, atMs: NOON_MS },
      ...{ deliveriesMax: 1, data: {} },
    };
    await bed.store.accept(someCallback({ notices: [notice] }));
    assert.equal((await bed.store.findNotices({ isDead: false })).length, 0, 'nothing is written');
    assert.equal(await replay({ ids: [id] }), 1);
    await bed.store.accept(someCallback({ notices: [notice] }));
    assert.equal((await bed.store.findNotices({ isDead: false })).length, 2);
  });

  it('are shown and sent for a key of one service alone, however many others there are', async () => {
    const others = await given(4, 'sales');
    const own = await given(3, 'support');
    const first = await get('?limit=2', KEY);
    const second = await get(`?limit=2&cursor=${first.next}`, KEY);
    assert.deepEqual(
      [...first.notices, ...second.notices].map(({ id }) => id),
      own,
    );
    assert.equal(await replay({ ids: others }, KEY), 0);
    assert.equal(await replay({}, KEY), 3);
    assert.equal((await get()).notices.length, 4);
  });
});
