/** The hand-off options of a service, as the far sides use them. */
import type { AttachedKey } from '../handoff/attached-data.js';
import type { Fragments } from '../treatment/fragments.js';
import type { HandoffConfig } from './config.js';
import { ATTACHED_KEYS, CONVERSATION_MEDIA, TRANSFERS } from './schema-handoff.js';
import type { OptionReader } from './values.js';

export function buildHandoff(read: OptionReader): HandoffConfig {
  return {
    transfer: read.choice('routePointTransfer', TRANSFERS),
    referTimeoutMs: read.durationMs('referTimeoutMs'),
    numbersTo: read.optionalText('routeNumbersTo'),
    media: read.choice('media', CONVERSATION_MEDIA),
    isBridgedAhead: read.flag('bridgeAhead'),
    attached: {
      headers: headersOf(read.texts('attachedHeaders')),
      userToUser: read.texts('userToUser').filter(isAttachedKey),
      userToUserMaxBytes: read.number('userToUserMaxBytes'),
    },
    whisper: read.texts('agentWhisper'),
    accept: {
      digit: read.optionalText('agentAcceptDigit'),
      timeoutMs: read.durationMs('agentAcceptTimeoutMs'),
    },
    recording: read.optionalText('recordCalls'),
    announcements: {
      position: read.texts('positionAnnouncement'),
      expectedWait: read.texts('expectedWaitAnnouncement'),
      everyMs: read.durationMs('announcementEveryMs'),
    },
    numbers: numbersOf(read.texts('numberFragments')),
  };
}

function headersOf(written: readonly string[]): Partial<Record<AttachedKey, string>> {
  const headers: Partial<Record<AttachedKey, string>> = {};
  for (const one of written) {
    const [key = '', header = ''] = one.split('=');
    if (isAttachedKey(key)) headers[key] = header;
  }
  return headers;
}

function isAttachedKey(key: string): key is AttachedKey {
  return ATTACHED_KEYS.some((known) => known === key);
}

/** `21=twenty.wav+one.wav` */
function numbersOf(written: readonly string[]): Fragments {
  const numbers = written.map((one): [string, readonly string[]] => {
    const [number = '', files = ''] = one.split('=');
    return [String(Number(number)), files.split('+')];
  });
  return Object.fromEntries(numbers);
}
