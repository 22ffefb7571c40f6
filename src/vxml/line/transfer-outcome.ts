/** What came of a transfer, in the words of VoiceXML 2.0, 2.3.7.2 and 2.3.7.3. */
import type { TransferEnd } from '../../handoff/lent-transfer.js';
import type { HeldRefusal } from '../../holder/held-call.js';
import type { LineTransferEnd, LineTransferOrder } from './line.js';

/** SIP's refusals that are a value of the form item. */
const RESULTS: Readonly<Record<number, string>> = {
  408: 'noanswer',
  480: 'noanswer',
  486: 'busy',
  487: 'noanswer',
  500: 'network_busy',
  503: 'network_busy',
  504: 'network_busy',
  600: 'busy',
  603: 'noanswer',
};
/** Those that are an event. */
const EVENTS: Readonly<Record<number, string>> = {
  401: 'error.connection.noauthorization',
  403: 'error.connection.noauthorization',
  404: 'error.connection.baddestination',
  407: 'error.connection.noauthorization',
  410: 'error.connection.baddestination',
  416: 'error.connection.baddestination',
  484: 'error.connection.baddestination',
  604: 'error.connection.baddestination',
};
/** What the form item of a bridged transfer may come to. */
export const TRANSFER_RESULTS = [
  ...['busy', 'noanswer', 'network_busy', 'near_end_disconnect', 'far_end_disconnect'],
  ...['network_disconnect', 'maxtime_disconnect', 'unknown'],
] as const;

const TALKED = {
  'far-end': 'far_end_disconnect',
  holder: 'near_end_disconnect',
  limit: 'maxtime_disconnect',
} as const;

export function transferOutcome(
  end: TransferEnd | HeldRefusal,
  kind: LineTransferOrder['kind'],
): LineTransferEnd {
  switch (end.kind) {
    case 'answered':
      return { kind: 'transferred' };
    case 'talked':
      return { kind: 'ended', result: TALKED[end.endedBy], durationMs: end.talkMs };
    case 'not-allowed':
      return { kind: 'failed', event: 'error.connection.noauthorization', why: end.why };
    case 'not-connected':
      return notConnected(end);
    case 'refused': {
      const isUnsupported = end.code === 'HELD_UNSUPPORTED';
      const event = isUnsupported ? `error.unsupported.transfer.${kind}` : 'error.connection';
      return { kind: 'failed', event, why: `${end.code}: ${end.why}` };
    }
  }
}

function notConnected({
  cause,
  status,
  why,
}: Extract<TransferEnd, { kind: 'not-connected' }>): LineTransferEnd {
  if (cause === 'ours') return { kind: 'failed', event: 'error.connection.noresource', why };
  const event = status === undefined ? undefined : EVENTS[status];
  if (event !== undefined) return { kind: 'failed', event, why };
  const result =
    cause === 'timeout'
      ? 'noanswer'
      : cause === 'stopped'
        ? 'near_end_disconnect'
        : ((status === undefined ? undefined : RESULTS[status]) ?? 'unknown');
  return { kind: 'ended', result, durationMs: 0 };
}
