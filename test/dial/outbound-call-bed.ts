/** One outbound call on fakes and a virtual clock, for its tests. */
import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import type {
  CallResult,
  OutboundCallDeps,
  OutboundCallRequest,
} from '../../src/dial/outbound-call-parts.js';
import { OutboundCall } from '../../src/dial/outbound-call.js';
import { FakeAnalyser, FakeTelephony, settle, silentLog } from '../fakes/fake-telephony.js';

/** Dials, and notes what the session and the ledger of legs are told. */
export function placeCall(
  overrides: {
    withCpd?: boolean;
    mediaSilenceMaxMs?: number;
    onward?: OutboundCallRequest['onward'];
    turn?: OutboundCallRequest['turn'];
    prepare?: (telephony: FakeTelephony) => void;
    setUps?: OutboundCallDeps['setUps'];
  } = {},
) {
  const telephony = new FakeTelephony();
  overrides.prepare?.(telephony);
  const analyser = new FakeAnalyser();
  const clock = virtualClock();
  const heard: string[] = [];
  const results: CallResult[] = [];
  /** What the ledger of legs is told. */
  const wire: string[] = [];
  const call = new OutboundCall(
    { telephony, analyser, clock, log: silentLog, setUps: overrides.setUps },
    {
      uri: 'sip:+15550100@127.0.0.1',
      callId: 'call-1',
      ringTimeoutMs: 30_000,
      mediaSilenceMaxMs: overrides.mediaSilenceMaxMs,
      onward: overrides.onward,
      turn: overrides.turn,
      analysis:
        overrides.withCpd === false
          ? undefined
          : { profile: 'human-first', postConnectTimeoutMs: 5000, silenceTimeoutMs: 5000 },
    },
    {
      onRinging: (status) => heard.push(`ringing ${status}`),
      onAnswered: () => heard.push('answered'),
      onResult: (result) => {
        results.push(result);
        heard.push(`result ${result.callState} ${result.legUp ? 'up' : 'down'}`);
      },
      onHeard: () => {},
      onRevised: (callState) => heard.push(`revised ${callState}`),
      onGreetingEnded: (heardBeep) => heard.push(`greeting ended${heardBeep ? ', beep' : ''}`),
      onHungUp: () => heard.push('hung up'),
      onLost: (cause) => heard.push(`lost ${cause}`),
      onEndpoint: (id) => wire.push(id),
      onIdentity: ({ answered }) => wire.push(answered ? 'answered' : 'sent'),
      onOver: () => wire.push('over'),
    },
  );
  const invite = async () => {
    await settle();
    const [sent] = telephony.calls;
    assert.ok(sent, 'an INVITE was sent');
    return sent;
  };
  const quiet = async () => {
    await settle();
    assert.deepEqual(telephony.counts(), { endpoints: 0, dialogs: 0 });
    assert.equal(clock.pendingCount, 0, 'no timer left');
    assert.ok(analyser.opened.every(({ isClosed }) => isClosed));
  };
  return { telephony, analyser, clock, call, heard, results, wire, invite, quiet };
}
