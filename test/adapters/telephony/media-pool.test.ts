import assert from 'node:assert/strict';
import type { Fleet } from '../../../src/adapters/telephony/fleet.js';
import type { FaultyEngine } from '../../../src/embedded/testing.js';
import type { MediaEndpoint } from '../../../src/ports.js';
import { FleetBed, nameOf, serverOf, siteOf } from './fleet-bed.js';
import { eventually } from './site.js';

describe('a pool of media servers', function () {
  this.timeout(60_000);
  let bed: FleetBed;
  let one: FaultyEngine;
  let two: FaultyEngine;
  beforeEach(async () => {
    bed = new FleetBed();
    one = await bed.engine();
    two = await bed.engine();
  });
  afterEach(() => bed.close());

  const pool = (): Promise<Fleet> =>
    bed.fleet([siteOf('main', one, one.freeswitch, two.freeswitch)]);

  async function take(fleet: Fleet, count: number): Promise<MediaEndpoint[]> {
    const taken: MediaEndpoint[] = [];
    for (let i = 0; i < count; i++) taken.push(await fleet.media.createEndpoint());
    return taken;
  }
  const giveBack = (endpoints: readonly MediaEndpoint[]) =>
    Promise.all(endpoints.map((endpoint) => endpoint.close()));
  const tally = (fleet: Fleet, endpoints: readonly MediaEndpoint[]) => [
    endpoints.filter((endpoint) => serverOf(fleet, endpoint) === nameOf(one)).length,
    endpoints.filter((endpoint) => serverOf(fleet, endpoint) === nameOf(two)).length,
  ];

  it('gives each call to the least loaded server', async () => {
    const fleet = await pool();
    const endpoints = await take(fleet, 6);
    assert.deepEqual(tally(fleet, endpoints), [3, 3]);
    await giveBack(endpoints);
  });

  it('weighs the load by maxSessions, and takes no call more than that', async () => {
    const fleet = await bed.fleet([
      siteOf(
        'main',
        one,
        { ...one.freeswitch, maxSessions: 1 },
        { ...two.freeswitch, maxSessions: 3 },
      ),
    ]);
    // The trial endpoints may still have been there when the servers were asked.
    await eventually(() => assert.equal(fleet.media.setUpLimits?.freeSessions, 4));
    const endpoints = await take(fleet, 4);
    assert.deepEqual(tally(fleet, endpoints), [1, 3]);
    assert.equal(fleet.media.isConnected, false, 'nothing is dialled into a full pool');
    await assert.rejects(fleet.media.createEndpoint(), { code: 'FREESWITCH_FULL' });
    const agents = await fleet.media.createEndpoint({ beside: endpoints[0] });
    assert.equal(serverOf(fleet, agents), serverOf(fleet, endpoints[0] as MediaEndpoint));
    await giveBack([...endpoints, agents]);
  });

  it('sums up what its servers may be given, and what they have room for', async () => {
    const fleet = await bed.fleet([
      siteOf(
        'main',
        one,
        { ...one.freeswitch, maxSessions: 10, maxSetUpsPerSecond: 2, maxSetUpsInProgress: 1 },
        { ...two.freeswitch, maxSessions: 30, maxSetUpsPerSecond: 3, maxSetUpsInProgress: 4 },
      ),
    ]);
    const endpoints = await take(fleet, 2);
    const { maxPerSecond, maxInProgress, maxSessions, freeSessions } = fleet.media.setUpLimits;
    assert.deepEqual([maxPerSecond, maxInProgress, maxSessions], [5, 5, 40]);
    assert.ok(Math.abs(freeSessions - 38) < 0.001, `${freeSessions} free`);
    await giveBack(endpoints);
  });

  it('counts the channels of other applications, too', async () => {
    const other = await bed.fleet([siteOf('main', one, one.freeswitch)]);
    const theirs = await take(other, 4);
    const fleet = await pool();
    const ours = await take(fleet, 4);
    assert.deepEqual(tally(fleet, ours), [0, 4]);
    await giveBack([...theirs, ...ours]);
  });

  it('puts an agent beside the customer, where the two can be bridged', async () => {
    const fleet = await pool();
    const fill = await take(fleet, 1);
    const customer = await bed.call(fleet);
    const agent = await bed.call(fleet, customer.endpoint);
    assert.equal(serverOf(fleet, agent.endpoint), serverOf(fleet, customer.endpoint));
    await customer.endpoint.bridge(agent.endpoint);
    await bed.hangUp(customer, agent);
    await giveBack(fill);
  });

  it('says that the customer has gone, not that it is full, when nothing is left to be beside', async () => {
    const fleet = await pool();
    const customer = await bed.call(fleet);
    await bed.hangUp(customer);
    await assert.rejects(fleet.media.createEndpoint({ beside: customer.endpoint }), {
      code: 'ENDPOINT_ENDED',
    });
  });

  it('field notes 6: FreeSWITCH killed mid-call; its calls end at once, new ones go elsewhere', async () => {
    const fleet = await pool();
    const onTwo = await callOn(fleet, two);
    const ended = new Promise<void>((resolve) => onTwo.endpoint.onEnded(resolve));
    const playback = onTwo.endpoint.play(['silence_stream://60000'], { loop: true });
    await two.stop();
    await ended;
    assert.equal((await playback.done).kind, 'failed');
    assert.deepEqual(await spread(fleet, 3), [3, 0]);
    await onTwo.dialog.bye('no media');
  });

  it('field notes 6: FreeSWITCH restarted; it gets calls again once a trial endpoint worked', async () => {
    const fleet = await pool();
    await two.stop();
    await eventually(() => assert.equal(openCount(fleet), 1));
    await bed.restart(two);
    await eventually(() => assert.equal(openCount(fleet), 2));
    assert.deepEqual(await spread(fleet, 4), [2, 2]);
  });

  it('field notes 6: FreeSWITCH frozen; noticed in seconds, the call waits for no SIP timer', async () => {
    const fleet = await pool();
    const frozen = [
      await two.inject({ point: 'esl-out', action: { kind: 'freeze' } }),
      await two.inject({ point: 'esl-in', action: { kind: 'freeze' } }),
    ];
    const startedAtMs = performance.now();
    const endpoints = await take(fleet, 2);
    assert.deepEqual(tally(fleet, endpoints), [2, 0], 'the frozen one is asked, then the other');
    assert.ok(performance.now() - startedAtMs < 4500);
    await eventually(() => assert.equal(openCount(fleet), 1));
    for (const fault of frozen) await fault.end();
    await giveBack(endpoints);
    await eventually(() => assert.equal(openCount(fleet), 2), 16_000);
  });

  it('keeps calls away from a server that fails, and lets it back in by a trial of its own', async () => {
    const fleet = await pool();
    const deaf = await two.inject({
      point: 'esl-in',
      matches: /^connect/,
      action: { kind: 'drop' },
    });
    const endpoints = await take(fleet, 8);
    assert.deepEqual(tally(fleet, endpoints), [8, 0]);
    assert.equal(openCount(fleet), 1);
    assert.match([...members(fleet)][1]?.fault ?? '', /no answer within/);
    const asked = await deaf.end();
    assert.ok(asked <= 5, `three failures open the circuit, ${asked} were made`);
    await eventually(() => assert.equal(openCount(fleet), 2), 16_000);
    await giveBack(endpoints);
  });

  it('drains a server that the configuration no longer names', async () => {
    const fleet = await pool();
    const onTwo = await callOn(fleet, two);
    fleet.reconfigure([siteOf('main', one, one.freeswitch)]);
    assert.deepEqual(await spread(fleet, 3), [3, 0]);
    assert.equal(onTwo.endpoint.hasEnded, false);
    const agent = await bed.call(fleet, onTwo.endpoint);
    await onTwo.endpoint.bridge(agent.endpoint);
    await bed.hangUp(onTwo, agent);
    await eventually(() => assert.equal([...members(fleet)].length, 1));
    fleet.reconfigure([siteOf('main', one, one.freeswitch, two.freeswitch)]);
    await eventually(() => assert.equal(openCount(fleet), 2));
  });

  it('takes a changed maxSessions over without touching the connection', async () => {
    const fleet = await pool();
    const [first] = members(fleet);
    const connection = first?.connection;
    fleet.reconfigure([
      siteOf(
        'main',
        one,
        { ...one.freeswitch, maxSessions: 1 },
        { ...two.freeswitch, maxSessions: 1 },
      ),
    ]);
    assert.equal(first?.sessionsMax, 1);
    assert.equal(first?.connection, connection);
  });

  it('starts with what can be used and goes on trying the rest', async () => {
    const gone = two.freeswitch;
    await two.stop();
    const fleet = await bed.fleet([siteOf('main', one, one.freeswitch, gone)]);
    assert.equal(openCount(fleet), 1);
    await bed.restart(two);
    await eventually(() => assert.equal(openCount(fleet), 2));
  });

  function* members(fleet: Fleet) {
    for (const site of fleet.sites) yield* site.members;
  }
  const openCount = (fleet: Fleet) => [...members(fleet)].filter(({ isOpen }) => isOpen).length;

  /** Where so many new endpoints went; they are given back. */
  async function spread(fleet: Fleet, count: number): Promise<number[]> {
    const endpoints = await take(fleet, count);
    const counts = tally(fleet, endpoints);
    await giveBack(endpoints);
    return counts;
  }

  async function callOn(fleet: Fleet, engine: FaultyEngine) {
    const first = await bed.call(fleet);
    if (serverOf(fleet, first.endpoint) === nameOf(engine)) return first;
    const second = await bed.call(fleet);
    await bed.hangUp(first);
    assert.equal(serverOf(fleet, second.endpoint), nameOf(engine));
    return second;
  }
});
