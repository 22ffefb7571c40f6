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
    numbers: numbersOf(read.json('numberFragments') ?? {}),
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

/** What is neither a number nor a file is left out; `check` says so. */
function numbersOf(json: Readonly<Record<string, unknown>>): Fragments {
  const numbers = new Map<number, readonly string[]>();
  for (const [written, value] of Object.entries(json)) {
    const files: unknown[] = Array.isArray(value) ? value : [value];
    const isUsable = files.every((file) => typeof file === 'string' && !file.includes('://'));
    if (/^\d{1,4}$/.test(written) && isUsable) numbers.set(Number(written), files as string[]);
  }
  return Object.fromEntries(numbers);
}
