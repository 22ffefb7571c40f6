/** The plugins of config/examples/plugins, on every answer they are written for. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { openPageSource } from '../../src/cli/page-source.js';
import {
  rehearse,
  type Happening,
  type Rehearsal,
  type RehearsalOptions,
} from '../../src/cli/plugin-rehearsal.js';

const FOLDER = fileURLToPath(new URL('../../config/examples/plugins/', import.meta.url));

async function run(
  sample: string,
  answer: RehearsalOptions['answer'],
  happenings: readonly Happening[] = [],
  options: Partial<RehearsalOptions> = {},
): Promise<Rehearsal> {
  const source = openPageSource(FOLDER + sample);
  try {
    return await rehearse(source, {
      answer,
      actions: [],
      maxMs: 60_000,
      attempt: 1,
      ttlMs: 120_000,
      customerNumber: '+493012345678',
      userData: {},
      isAssociated: true,
      happenings,
      ...options,
    });
  } finally {
    await source.close();
  }
}

const digits = (keys: string, atMs: number): Happening => ({
  atMs,
  what: { kind: 'digits', digits: keys },
});
const hangUp = (atMs: number): Happening => ({ atMs, what: { kind: 'hangup' } });

const outcome = ({ reply, failure }: Rehearsal): string => {
  if (!reply) return `${failure?.code}: ${failure?.why}`;
  const { action, destination = '', isInteractionDeleted, delayMs } = reply;
  return [
    action,
    destination,
    isInteractionDeleted ? 'interaction_deleted' : '',
    delayMs === undefined ? '' : `after ${delayMs / 1000} s`,
  ]
    .filter((part) => part !== '')
    .join(' ');
};

const callActions = ({ steps }: Rehearsal): string[] =>
  steps.filter(({ what }) => what === 'call').map(({ detail }) => detail);

describe('the sample that plays, collects a digit and routes', () => {
  for (const [what, happenings, expected] of [
    ['1 is an agent', [digits('1', 500)], 'route_to_agent'],
    ['2 is a route point', [digits('2', 500)], 'route_to_rp after-hours'],
    ['9 is another call', [digits('9', 500)], 'retry after 3600 s'],
    [
      'a wrong key is asked again',
      [digits('7', 500), digits('2', 1500)],
      'route_to_rp after-hours',
    ],
    ['no key at all is an agent', [], 'route_to_agent'],
    ['a hang-up is told', [hangUp(700)], 'cancel interaction_deleted'],
  ] as const) {
    it(what, async () => {
      const rehearsal = await run('menu.scxml', 'human', happenings);
      assert.equal(outcome(rehearsal), expected);
      const actions = callActions(rehearsal);
      assert.equal(actions[0], 'play connect.wav');
      const isDetached = actions.includes('detach');
      assert.equal(isDetached, expected !== 'cancel interaction_deleted');
    });
  }

  it('gives up a menu that a machine hears after all', async () => {
    const revised: Happening = { atMs: 1000, what: { kind: 'revised', answer: 'machine' } };
    const rehearsal = await run('menu.scxml', 'human', [revised]);
    assert.equal(outcome(rehearsal), 'retry after 3600 s');
    assert.ok(callActions(rehearsal).includes('detach'));
  });

  it('dials again when nobody can press a key', async () => {
    for (const answer of ['no-answer', 'busy', 'machine', 'fax'] as const)
      assert.equal(outcome(await run('menu.scxml', answer)), 'retry after 3600 s', answer);
  });
});

describe('the sample that notices a hang-up', () => {
  it('says so, once, whenever it comes', async () => {
    for (const atMs of [100, 1000, 1900]) {
      const rehearsal = await run('interaction-deleted.scxml', 'human', [hangUp(atMs)]);
      assert.equal(outcome(rehearsal), 'retry interaction_deleted');
      assert.equal(rehearsal.steps.filter(({ what }) => what === 'reply').length, 1);
    }
    const second = await run('interaction-deleted.scxml', 'human', [hangUp(100)], { attempt: 2 });
    assert.equal(outcome(second), 'cancel interaction_deleted');
  });

  it('does its work when nobody hangs up, and when there is no call', async () => {
    const rehearsal = await run('interaction-deleted.scxml', 'human');
    assert.equal(outcome(rehearsal), 'route_to_agent');
    assert.deepEqual(callActions(rehearsal), ['play connect.wav', 'detach']);
    assert.equal(outcome(await run('interaction-deleted.scxml', 'busy')), 'retry');
  });
});

describe('the sample that leaves a message', () => {
  it('speaks to the first machine, and to no other', async () => {
    const first = await run('machine-message.scxml', 'machine');
    assert.deepEqual(callActions(first), ['play machine.wav', 'detach']);
    assert.equal(outcome(first), 'retry after 1800 s');
    const second = await run('machine-message.scxml', 'machine', [], { attempt: 2 });
    assert.deepEqual(callActions(second), ['detach']);
    const third = await run('machine-message.scxml', 'machine', [], { attempt: 3 });
    assert.equal(outcome(third), 'cancel');
  });

  it('puts a person through, and tells of a machine that hangs up', async () => {
    assert.equal(outcome(await run('machine-message.scxml', 'human')), 'route_to_agent');
    const cut = await run('machine-message.scxml', 'machine', [hangUp(500)]);
    assert.equal(outcome(cut), 'retry interaction_deleted after 1800 s');
  });
});

describe('the sample that decides when to dial again', () => {
  for (const [answer, attempt, expected] of [
    ['busy', 1, 'retry after 120 s'],
    ['busy', 5, 'cancel'],
    ['no-answer', 1, 'retry after 900 s'],
    ['no-answer', 2, 'retry after 3600 s'],
    ['no-answer', 4, 'cancel'],
    ['sit-vacant', 1, 'cancel'],
    ['human', 1, 'route_to_agent'],
    ['machine', 1, 'retry after 900 s'],
  ] as const) {
    it(`${answer}, attempt ${attempt}: ${expected}`, async () => {
      assert.equal(outcome(await run('retry-policy.scxml', answer, [], { attempt })), expected);
    });
  }
});

describe('the sample built as Composer builds', () => {
  const PAGE = 'composer/src-gen/IPD_callback_Entry.scxml';

  it('plays, detaches before it replies, and ends', async () => {
    const rehearsal = await run(PAGE, 'human');
    assert.equal(outcome(rehearsal), 'route_to_agent');
    assert.deepEqual(callActions(rehearsal), ['play connect.wav, again and again', 'detach']);
    const order = rehearsal.steps.map(({ what }) => what);
    assert.ok(order.lastIndexOf('call') < order.indexOf('reply'));
    assert.ok(rehearsal.visited.has('DetachAndReply.reply'), 'states of the included page');
  });

  it('starts its application by plugin.start when there is no call', async () => {
    assert.equal(outcome(await run(PAGE, 'no-answer')), 'retry');
    assert.equal(outcome(await run(PAGE, 'sit-invalid-number')), 'cancel');
    assert.equal(outcome(await run(PAGE, 'human', [], { isAssociated: false })), 'retry');
  });

  it('replies interaction_deleted after a hang-up', async () => {
    const rehearsal = await run(PAGE, 'human', [hangUp(1500)]);
    assert.equal(outcome(rehearsal), 'cancel interaction_deleted');
  });
});
