import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Fleet } from '../../../src/adapters/telephony/fleet.js';
import type { FaultyEngine } from '../../../src/embedded/testing.js';
import type { DialogEnd, OutgoingCall } from '../../../src/ports.js';
import { Caller } from '../../farend/caller.js';
import type { FarParty } from '../../sip/far-party.js';
import type { FaultProxy } from '../../sip/fault-proxy.js';
import { FleetBed, siteOf } from './fleet-bed.js';
import { eventually } from './site.js';

describe('sites', function () {
  this.timeout(90_000);
  let bed: FleetBed;
  beforeEach(() => (bed = new FleetBed()));
  afterEach(() => bed.close());

  const channelsOf = async (engine: FaultyEngine) => (await engine.stats()).channels;

  async function ringing(fleet: Fleet): Promise<{ far: FarParty; call: OutgoingCall }> {
    const far = await bed.far();
    far.onInvite = (invite) => invite.respond(180, 'Ringing');
    const endpoint = await fleet.media.createEndpoint();
    const { localSdp, id: endpointId } = endpoint;
    const request = { uri: far.uri, callId: randomUUID(), localSdp, endpointId };
    const call = fleet.sip.invite(request);
    await new Promise<void>((resolve) => call.onProvisional(() => resolve()));
    void call.outcome.then(() => endpoint.close());
    return { far, call };
  }

  describe('with media servers apart from drachtio', () => {
    let signalling: FaultyEngine;
    let media: FaultyEngine;
    let other: FaultyEngine;
    beforeEach(async () => {
      [signalling, media, other] = [await bed.engine(), await bed.engine(), await bed.engine()];
    });

    it('field notes 6: drachtio killed mid-call; the call is told lost, its media freed, the far side hung up by the other site', async () => {
      const fleet = await bed.fleet([
        siteOf('east', signalling, media.freeswitch),
        siteOf('west', other, { ...other.freeswitch, maxSessions: 1 }),
      ]);
      const { endpoint, dialog, far } = await bed.call(fleet);
      assert.equal(fleet.media.memberOf(endpoint.id)?.site, 'east');
      const ended = new Promise<DialogEnd>((resolve) => dialog.onEnded(resolve));
      await signalling.stop();
      assert.equal(await ended, 'lost');
      await eventually(() => assert.equal(endpoint.hasEnded, true));
      await eventually(() => assert.equal(fleet.counts()['lostLegs'], 0));
      assert.match(
        (await far.request('BYE')).header('reason') ?? '',
        /text="the caller was restarted"/,
      );
      assert.equal(await channelsOf(media), 0);
      const next = await bed.call(fleet);
      assert.equal(fleet.media.memberOf(next.endpoint.id)?.site, 'west');
      await bed.hangUp(next);
    });

    it('chooses the least loaded site first', async () => {
      const fleet = await bed.fleet([
        siteOf('east', signalling, media.freeswitch),
        siteOf('west', other, other.freeswitch),
      ]);
      const calls = [await bed.call(fleet), await bed.call(fleet)];
      const sites = calls.map(({ endpoint }) => fleet.media.memberOf(endpoint.id)?.site);
      assert.deepEqual(sites.sort(), ['east', 'west']);
      await bed.hangUp(...calls);
    });

    it('field notes 6: drachtio restarted; the orphan gets its BYE and calls go out again by themselves', async () => {
      const fleet = await bed.fleet([siteOf('only', signalling, media.freeswitch)]);
      const { endpoint, far } = await bed.call(fleet);
      await signalling.stop();
      await eventually(() => assert.equal(fleet.sip.isConnected, false));
      await assert.rejects(fleet.media.createEndpoint(), { code: 'FREESWITCH_LOST' });
      const refused = fleet.sip.invite({ uri: far.uri, callId: 'a', localSdp: 'v=0' });
      assert.equal((await refused.outcome).kind, 'error');
      await eventually(() => assert.equal(endpoint.hasEnded, true));
      assert.equal(await channelsOf(media), 0);
      assert.equal(far.requests('BYE').length, 0);
      await bed.restart(signalling);
      await far.request('BYE');
      await eventually(() => assert.equal(fleet.sip.isConnected, true));
      const next = await bed.call(fleet);
      await bed.hangUp(next);
    });
  });

  it('drachtio restarted; whoever had called us gets a BYE as well, above any number it counted', async () => {
    const [signalling, media] = [await bed.engine(), await bed.engine()];
    const fleet = await bed.fleet([siteOf('only', signalling, media.freeswitch)]);
    const { rtp } = await bed.far();
    fleet.onInbound(async (call) => {
      await call.accept(rtp.sdp, { onIdentity: () => undefined });
      return { kind: 'taken' };
    });
    const caller = await Caller.open(signalling.sip.port);
    caller.invite();
    const answer = await caller.response(200, 'INVITE');
    await eventually(() => assert.equal(fleet.counts()['dialogs'], 1));
    await signalling.stop();
    await eventually(() => assert.equal(fleet.sip.isConnected, false));
    await bed.restart(signalling);
    const bye = await caller.incoming('BYE');
    await eventually(() => assert.equal(fleet.counts()['lostLegs'], 0));
    caller.close();
    assert.equal(bye.header('From'), answer.header('To'));
    assert.equal(bye.header('To'), answer.header('From'));
    assert.ok(Number(bye.header('CSeq')?.split(' ')[0]) > 2 ** 27);
    await eventually(() => assert.equal(fleet.sip.isConnected, true));
  });

  describe('when only the connection is lost', () => {
    let engine: FaultyEngine;
    let proxy: FaultProxy;
    let fleet: Fleet;
    beforeEach(async () => {
      engine = await bed.engine();
      proxy = await bed.proxy(engine.drachtio);
      const drachtio = { ...engine.drachtio, port: proxy.port };
      fleet = await bed.fleet([{ name: 'only', drachtio, freeswitch: [engine.freeswitch] }]);
    });

    it('cancels what rang as soon as it is back, and says when the leg is over', async () => {
      const { far, call } = await ringing(fleet);
      proxy.cut();
      assert.equal((await call.outcome).kind, 'error');
      assert.ok(call.orphanEnd, 'the far side still rings');
      await far.request('CANCEL');
      await call.orphanEnd;
      assert.equal(fleet.counts()['lostLegs'], 0);
    });

    it('notices a frozen drachtio, and ends its calls when it thaws', async () => {
      const { far, dialog } = await bed.call(fleet);
      const states: boolean[] = [];
      fleet.onStateChange((isUp) => states.push(isUp));
      const ended = new Promise<DialogEnd>((resolve) => dialog.onEnded(resolve));
      proxy.freeze();
      await eventually(() => assert.equal(fleet.sip.isConnected, false));
      assert.equal(await ended, 'lost');
      proxy.thaw();
      await far.request('BYE');
      await eventually(() => assert.equal(fleet.sip.isConnected, true), 16_000);
      assert.equal(states[0], false);
    });

    it('leaves legs that nobody could end to the next process', async () => {
      const { call } = await ringing(fleet);
      proxy.refuse();
      await call.outcome;
      let isOver = false;
      void call.orphanEnd?.then(() => (isOver = true));
      assert.equal(fleet.counts()['lostLegs'], 1);
      await fleet.close();
      assert.equal(fleet.counts()['lostLegs'], 0);
      assert.equal(isOver, false, 'the ledger keeps it');
    });
  });
});
