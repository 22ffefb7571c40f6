import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { silentLog } from '../../../src/adapters/log.js';
import {
  contained,
  containedRequest,
  containFrames,
} from '../../../src/adapters/telephony/contained.js';
import { DEFAULT_DEADLINES } from '../../../src/adapters/telephony/deadlines.js';
import { OutgoingInvite } from '../../../src/adapters/telephony/outgoing-invite.js';
import { DrachtioDialog } from '../../../src/adapters/telephony/sip-dialog.js';
import type {
  DialogMade,
  DialogView,
  SipMessageView,
  SrfView,
  UacProgress,
} from '../../../src/adapters/telephony/srf-types.js';
import { settle } from '../../fakes/fake-telephony.js';

interface Line {
  readonly callId?: string;
  readonly why?: string;
  readonly at?: readonly string[];
}

function errors() {
  const lines: Line[] = [];
  return { lines, log: { ...silentLog, error: (fields: Line) => void lines.push(fields) } };
}

const BROKEN = new TypeError('a bug of ours');
const breaks = (): never => {
  throw BROKEN;
};
const breaksLater = async (): Promise<never> => {
  await Promise.resolve();
  return breaks();
};

function request(method: string): SipMessageView {
  const get = (name: string) => (name === 'Call-ID' ? 'c-17' : undefined);
  return { method, get, has: () => false };
}

describe('A handler of ours that throws', () => {
  for (const [when, handle] of [
    ['at once', breaks],
    ['later', breaksLater],
  ] as const) {
    it(`${when} is told in the log with its Call-ID and place, and ends nothing`, async () => {
      const { lines, log } = errors();
      const thrown: unknown[] = [];
      const onThrown = (fault: unknown, value: number) => thrown.push(fault, value);
      contained<[number]>(log, 'a number', handle, { callId: 'c-1', onThrown })(7);
      await settle();
      assert.deepEqual(thrown, [BROKEN, 7]);
      const [line] = lines;
      assert.deepEqual([lines.length, line?.callId, line?.why], [1, 'c-1', 'a bug of ours']);
      assert.match(line?.at?.[0] ?? '', /contained\.test/);
    });

    it(`${when} has its request answered with 500, once and no ACK`, async () => {
      const { lines, log } = errors();
      const sent: number[] = [];
      const response = { send: (status: number) => void sent.push(status) };
      containedRequest(log, 'INFO', handle)(request('INFO'), response);
      await settle();
      assert.deepEqual([sent, lines[0]?.callId], [[500], 'c-17']);
      containedRequest(log, 'ACK', handle)(request('ACK'), response);
      const answered = { ...response, finalResponseSent: true };
      containedRequest(log, 'INFO', handle)(request('INFO'), answered);
      await settle();
      assert.deepEqual([sent.length, lines.length], [1, 3]);
    });
  }

  it('is contained even where it cannot be put right', () => {
    const { lines, log } = errors();
    containedRequest(log, 'INFO', breaks)(request('INFO'), { send: breaks });
    assert.equal(lines.length, 2);
  });
});

describe('A message of the signalling server at which the library throws', () => {
  it('is passed over, and named', () => {
    const { lines, log } = errors();
    const wire = new EventEmitter();
    containFrames(wire, log);
    let isBroken = true;
    const heard: unknown[] = [];
    wire.on('msg', (_socket, frame: string) => {
      if (isBroken) breaks();
      heard.push(frame);
    });
    wire.emit('msg', {}, '1|sip|network\r\nINFO sip:x SIP/2.0\r\ni: c-9\r\n\r\n');
    isBroken = false;
    wire.emit('msg', {}, 'next');
    assert.deepEqual([lines.map(({ callId }) => callId), heard], [['c-9'], ['next']]);
    assert.throws(() => {
      wire.once('other', breaks);
      wire.emit('other');
    }, BROKEN);
  });
});

/** A dialog of drachtio-srf, as far as it matters here. */
class Leg extends EventEmitter {
  readonly sip = { callId: 'c-2', localTag: 'ours', remoteTag: 'theirs' };
  readonly local = { sdp: '' };
  readonly remote = { sdp: '' };
  readonly res = { headers: {}, get: () => undefined, has: () => false, status: 200, reason: 'OK' };
  connected = true;
  byes = 0;
  handle(): void {}
  destroy(): Promise<void> {
    this.byes += 1;
    return Promise.resolve();
  }
}

describe('A call whose handlers throw', () => {
  it('tells its end to everybody else', () => {
    const { lines, log } = errors();
    const leg = new Leg();
    const gone: unknown[] = [];
    const dialog = new DrachtioDialog(leg as unknown as DialogView, {
      ...{ srf: {} as SrfView, clock: virtualClock(), log, deadlines: DEFAULT_DEADLINES },
      onGone: (one) => gone.push(one),
    });
    const heard: string[] = [];
    dialog.onEnded(breaks);
    dialog.onEnded((how) => heard.push(how));
    leg.emit('destroy');
    assert.deepEqual([heard, gone.length, lines[0]?.callId], [['remote'], 1, 'c-2']);
  });

  it('answers a request inside it with 500', () => {
    const { log } = errors();
    const leg = new Leg();
    leg.handle = breaks;
    new DrachtioDialog(leg as unknown as DialogView, {
      ...{ srf: {} as SrfView, clock: virtualClock(), log, deadlines: DEFAULT_DEADLINES },
      onGone: () => undefined,
    });
    const sent: number[] = [];
    const response = { send: (status: number) => void sent.push(status) };
    (leg as unknown as DialogView).handle(request('INFO'), response);
    assert.deepEqual(sent, [500]);
  });

  function calling(adopt: () => DrachtioDialog) {
    const { lines, log } = errors();
    let progress: UacProgress | undefined;
    let made: DialogMade = () => undefined;
    const createUAC = (...all: [unknown, unknown, UacProgress, DialogMade]) => {
      [, , progress, made] = all;
    };
    const clock = virtualClock();
    const gone: unknown[] = [];
    const invite = new OutgoingInvite(
      { uri: 'sip:x@pbx.example.net', callId: 'c-3', localSdp: 'v=0' },
      {
        ...{ srf: { createUAC } as unknown as SrfView, clock, log, site: 'only' },
        ...{ deadlines: DEFAULT_DEADLINES, adopt, onGone: (one) => gone.push(one) },
      },
    );
    return { invite, lines, gone, clock, progress: () => progress, made: () => made };
  }

  it('goes on ringing', () => {
    const { invite, lines, progress } = calling(() => assert.fail('answered'));
    const rang: number[] = [];
    invite.onProvisional(breaks);
    invite.onProvisional(({ status }) => rang.push(status));
    const ringing = { get: () => undefined, has: () => false, status: 180, reason: 'Ringing' };
    progress()?.cbProvisional(ringing);
    assert.deepEqual([rang, lines[0]?.callId], [[180], 'c-3']);
  });

  it('gets a BYE when it is its answer that cannot be taken, and has an outcome', async () => {
    const { invite, lines, gone, clock, made } = calling(breaks);
    const leg = new Leg();
    made()(null, leg as unknown as DialogView);
    assert.deepEqual(await invite.outcome, { kind: 'error', why: 'a bug of ours' });
    assert.deepEqual([leg.byes, gone.length, lines.length], [1, 1, 1]);
    assert.equal(clock.pendingCount, 0, 'no timer left');
  });
});
