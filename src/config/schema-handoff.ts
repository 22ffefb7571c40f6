/** The service options about what happens between an agent's answer and the end of the conversation. */
import { bool, HOUR_MS, choice, count, milliseconds, ours, text } from './schema-terms.js';
import type { OptionGroup, TextFormat, ValueType } from './schema-types.js';

export const TRANSFERS = ['bridge', 'refer'] as const;
export const CONVERSATION_MEDIA = ['server', 'direct'] as const;
/** What can travel with a call, by Genesys' names as far as there are any. */
export const ATTACHED_KEYS = [
  'GMS_ServiceID',
  'GMS_CreatedAt',
  'GMS_URS_PRIORITY',
  'RouterData70',
  'GMS_UserData',
  'CPNDigits',
] as const;

const KEYS = ATTACHED_KEYS.join('|');
const ATTACHED_HEADER: TextFormat = {
  pattern: new RegExp(`^(?:${KEYS})=X-[A-Za-z0-9-]{1,40}$`),
  says: `one of ${ATTACHED_KEYS.join(', ')}, then = and the name of a header that starts with X-`,
};
const PLACE: TextFormat = {
  pattern: /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::[0-9]{1,5})?$/,
  says: 'host or host:port',
};
const KEY_OF_PHONE: TextFormat = { pattern: /^[0-9*#]$/, says: 'one key: 0 to 9, * or #' };
/** A recording's name is made of our own words only: nothing from outside can climb out of the folder. */
const RECORDING: TextFormat = {
  pattern:
    /^\/(?!.*\.\.)(?:[A-Za-z0-9_./-]|\{(?:service|date|time|callbackId|attempt)\}){1,300}\.wav$/,
  says: 'an absolute path of letters, digits and _ . / - that ends in .wav, with {service}, {date}, {time}, {callbackId} and {attempt}',
};
const NUMBER_FILES: TextFormat = {
  pattern: /^[0-9]{1,4}=(?!.*:\/\/)[^{}=+\p{Cc}]+(?:\+[^{}=+\p{Cc}]+)*$/u,
  says: 'a number up to 9999, then = and its sound files with + between them',
};
const fragments = (placeholders: string): ValueType => ({
  kind: 'list',
  maxItems: 20,
  of: text(300, {
    pattern: new RegExp(`^(?:\\{(?:${placeholders})\\}|(?!.*:\\/\\/)[^{}\\p{Cc}]+)$`, 'u'),
    says: `a sound file, or ${placeholders
      .split('|')
      .map((word) => `{${word}}`)
      .join(' or ')}`,
  }),
});

export const HANDOFF: OptionGroup = {
  title: 'Hand-off',
  intro:
    'From the agent’s answer to the end of the conversation, and what the customer is told before. Fragments are lists of sound files that are played as one; a word in braces stands for a number, spoken in the packaged English, or with the files that `numberFragments` gives it.',
  options: [
    ours(
      'routePointTransfer',
      choice(TRANSFERS),
      'How a call gets to a route point. `bridge`: we call it and stay in the path, so the report goes on. `refer`: the customer’s side is asked to call it (REFER); when it refuses, or does not say what came of it, we bridge. A route point may say otherwise with its own `transfer`.',
      { default: 'bridge' },
    ),
    ours(
      'referTimeoutMs',
      milliseconds(1000, 180_000),
      'How long we wait, after a REFER, for what came of it; the destination’s phone may have to ring. Then we bridge.',
      { default: 30_000 },
    ),
    ours(
      'routeNumbersTo',
      text(260, PLACE),
      'PBX or SBC that calls the numbers of a `route_to_rp`. The host, or number@host, has to be among `allowedDestinations` as well.',
      { defaultSays: 'numbers are refused' },
    ),
    ours(
      'media',
      choice(CONVERSATION_MEDIA),
      '`direct`: once connected, customer and agent are asked to send their media to each other (re-INVITE) and the media server is released. When one of them refuses, it stays with the media server. A conversation that is recorded stays there, too.',
      { default: 'server' },
    ),
    ours(
      'bridgeAhead',
      bool,
      'The agent’s side is bridged with the customer while the agent is being called, and the waiting treatment covers the bridge: after an agent’s answer both hear each other some 40 ms sooner. Takes no session of FreeSWITCH that the agent’s call would not take. Not done with `agentWhisper` or `agentAcceptDigit`.',
      { default: true },
    ),
    ours(
      'attachedHeaders',
      {
        kind: 'list',
        maxItems: 20,
        commaText: true,
        of: text(80, ATTACHED_HEADER),
      },
      'Which header carries what to the agent or route point. What is not named is not sent. User data travels as base64url; with `separate_keys` each key is a header of its own, named after this one.',
      {
        default: [
          'GMS_ServiceID=X-GMS-Service-ID',
          'GMS_CreatedAt=X-GMS-Created-At',
          'GMS_URS_PRIORITY=X-GMS-URS-PRIORITY',
          'RouterData70=X-RouterData70',
          'GMS_UserData=X-GMS-User-Data',
        ],
      },
    ),
    ours(
      'userToUser',
      { kind: 'list', maxItems: 6, commaText: true, of: choice(ATTACHED_KEYS) },
      'What travels in `User-to-User` (RFC 7433) as well: JSON in hex, behind the protocol discriminator 00.',
      { default: [] },
    ),
    ours(
      'userToUserMaxBytes',
      count(16, 512),
      'Room for that JSON; what does not fit is left out, the last named first. ISDN carries 128 bytes.',
      { default: 128 },
    ),
    ours(
      'agentWhisper',
      fragments('minutes'),
      'Fragments that the agent hears before the two are connected: which service this is, and how long the customer has waited (`{minutes}`): packaged is `[say/en/minutes-waited.wav, "{minutes}"]`. The customer goes on hearing the waiting treatment.',
      { default: [], defaultSays: 'nothing' },
    ),
    ours(
      'agentAcceptDigit',
      text(1, KEY_OF_PHONE),
      'Key that an agent presses to take the call, also during the whisper. A voicemail presses none.',
      { defaultSays: 'an answer is enough' },
    ),
    ours(
      'agentAcceptTimeoutMs',
      milliseconds(1000, 120_000),
      'How long after the whisper we wait for that key. Then it counts as a failed try.',
      { default: 10_000 },
    ),
    ours(
      'recordCalls',
      text(320, RECORDING),
      'Records conversations with agents, customer left and agent right, into a file of the media server. What is in braces is filled in: `{date}` as 20261127, `{time}` as 142501, UTC. Ends when the conversation does, and is not done at route points. How long it is kept: `recordings`.',
      { defaultSays: 'off' },
    ),
    ours(
      'positionAnnouncement',
      fragments('position'),
      'Fragments that tell a waiting customer the place in the queue (`{position}`), where the queue knows it. In English, with what is packaged: `[say/en/you-are-number.wav, "{position}", say/en/in-line.wav]`.',
      { default: [], defaultSays: 'nothing' },
    ),
    ours(
      'expectedWaitAnnouncement',
      fragments('minutes'),
      'Fragments that tell how long it may take (`{minutes}`), where the queue knows it. In English, with what is packaged: `[say/en/minutes-to-wait.wav, "{minutes}"]`.',
      { default: [], defaultSays: 'nothing' },
    ),
    ours(
      'announcementEveryMs',
      milliseconds(5000, HOUR_MS),
      'How often these announcements interrupt the waiting treatment; the first comes after so long. An agent who answers interrupts them.',
      { default: 30_000 },
    ),
    ours(
      'numberFragments',
      { kind: 'list', maxItems: 500, of: text(400, NUMBER_FILES) },
      'Another language than the packaged English: which files speak which number, `[1=eins.wav, 2=zwei.wav, 21=einundzwanzig.wav]`. What then has a number without files is not announced.',
      { default: [], defaultSays: 'the packaged English, `say/en/`' },
    ),
  ],
};
