import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { DialogEnd, InviteRequest, OutgoingCall } from '../../../src/ports.js';
import { hasSipp, startSipp, type SippRun } from '../../sip/sipp.js';
import { useSite } from './site.js';

const SDP =
  'v=0\r\no=us 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40002 RTP/AVP 0\r\n';

describe('calls to sipp, a peer that is not ours', function () {
  this.timeout(60_000);
  before(function () {
    if (hasSipp()) return;
    console.log('      skipped: sipp is not installed');
    this.skip();
  });
  const site = useSite();

  async function call(
    scenario: string,
    transport: 'udp' | 'tcp' = 'udp',
    request: Partial<InviteRequest> = {},
  ): Promise<{ call: OutgoingCall; sipp: SippRun }> {
    const sipp = await startSipp(scenario, {}, 1, transport);
    const uri = `sip:callee@127.0.0.1:${sipp.port}${transport === 'tcp' ? ';transport=tcp' : ''}`;
    return {
      call: site().telephony.sip.invite({ uri, callId: randomUUID(), localSdp: SDP, ...request }),
      sipp,
    };
  }

  it('end cleanly when the 200 crosses our CANCEL', async () => {
    const { call: glare, sipp } = await call('glare.xml');
    glare.onProvisional(() => glare.cancel('too late'));
    assert.deepEqual(await glare.outcome, { kind: 'cancelled' });
    const { code, errors } = await sipp.done;
    assert.equal(code, 0, errors);
  });

  for (const transport of ['udp', 'tcp'] as const) {
    it(`end as remote when it hangs up, over ${transport}`, async () => {
      const { call: answered, sipp } = await call('hang-up.xml', transport);
      const outcome = await answered.outcome;
      assert.ok(outcome.kind === 'answered');
      const ended = new Promise<DialogEnd>((resolve) => outcome.dialog.onEnded(resolve));
      assert.equal(await ended, 'remote');
      const { code, errors } = await sipp.done;
      assert.equal(code, 0, errors);
    });
  }

  it('acknowledge early media that comes reliably with PRACK', async () => {
    const { call: busy, sipp } = await call('reliable.xml', 'udp', { isReliable: true });
    const heard: number[] = [];
    busy.onProvisional(({ status, sdp }) => heard.push(sdp === undefined ? 0 : status));
    const outcome = await busy.outcome;
    assert.ok(outcome.kind === 'failed');
    assert.deepEqual([outcome.status, heard], [486, [183]]);
    const { code, errors } = await sipp.done;
    assert.equal(code, 0, errors);
  });

  for (const [password, status] of [
    ['secret', 200],
    ['wrong', 403],
  ] as const) {
    it(`register with credentials, and hear ${status} for "${password}"`, async () => {
      const sipp = await startSipp('registrar.xml');
      const outcome = await site().telephony.sip.request({
        method: 'REGISTER',
        uri: `sip:127.0.0.1:${sipp.port}`,
        from: '<sip:acme@carrier>',
        to: '<sip:acme@carrier>',
        contact: '<sip:acme@localhost>',
        expiresMs: 600_000,
        auth: { username: 'acme', password },
        limitMs: 5000,
      });
      assert.ok(outcome.kind === 'answered');
      assert.equal(outcome.status, status);
      if (status === 200) {
        assert.match(outcome.headers['contact'] ?? '', /^<sip:acme@127\.0\.0\.1:\d+.*expires=120/);
      }
      const { code, errors } = await sipp.done;
      assert.equal(code, 0, errors);
    });
  }

  it('hear of nobody within the limit', async () => {
    const asked = { method: 'OPTIONS', uri: 'sip:127.0.0.1:9', limitMs: 300 } as const;
    const outcome = await site().telephony.sip.request(asked);
    // The host refuses the port at once, or nobody says anything.
    const isGone = outcome.kind === 'error' || [408, 503].includes(outcome.status);
    assert.ok(isGone, JSON.stringify(outcome));
  });

  it('tell busy with its ISDN cause', async () => {
    const { call: busy, sipp } = await call('busy.xml');
    const outcome = await busy.outcome;
    assert.ok(outcome.kind === 'failed');
    assert.deepEqual([outcome.status, outcome.q850Cause], [486, 17]);
    const { code, errors } = await sipp.done;
    assert.equal(code, 0, errors);
  });
});
