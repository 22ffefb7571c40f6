/**
 * The one function through which every name, number or text from outside passes before FreeSWITCH,
 * SIP or a log sees it. It refuses rather than repairs: a repaired name is a different name. Only log
 * text is made harmless instead, because a log line must not be lost.
 *
 * Why each character: CR and LF start a new event socket header or SIP header; `${` and `$` are
 * expanded by FreeSWITCH, including `${api(args)}`; `!` separates files of a play list, `|` and `^^`
 * arguments, `@@` a seek position; quotes end an argument; a leading `{` sets parameters.
 */

export type TextKind =
  /** Absolute path as the media server sees it, http(s) URL, or `silence_stream://MS`. */
  | 'play-file'
  /** Channel uuid or other bare identifier. */
  | 'identifier'
  /** User part of a SIP URI: a number or a plain name. */
  | 'sip-user'
  | 'sip-uri'
  | 'sip-call-id'
  | 'display-name'
  | 'header-name'
  | 'header-value'
  /** Text of a Reason header. */
  | 'reason'
  /** IPv4 address or host name. */
  | 'host'
  | 'log';

export type Sanitised =
  { readonly ok: true; readonly value: string } | { readonly ok: false; readonly reason: string };

interface Rule {
  readonly maxLength: number;
  /** What the whole text has to look like, and how to say so. */
  readonly shape?: readonly [RegExp, string];
  readonly forbidden: readonly (readonly [RegExp, string])[];
}

const CONTROL = [/\p{Cc}|\p{Zl}|\p{Zp}/u, 'holds a control character or line break'] as const;
const EXPANSION = [/\$/, 'holds a $, which FreeSWITCH would expand'] as const;
const SEPARATOR = [/[!|]|\^\^|@@/, 'holds one of ! | ^^ @@, which separate arguments'] as const;
const QUOTE = [/['"`\\]/, 'holds a quote or backslash'] as const;
const PARENT = [/(^|\/)\.\.(\/|$)/, 'climbs out of its folder with ..'] as const;
const CREDENTIALS = [/^https?:\/\/[^/?#]*@/, 'holds credentials'] as const;

const PLAY_FILE =
  /^(\/(?!.*:\/\/)\S.*|https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/\S*)?|silence_stream:\/\/\d{1,7})$/;
// RFC 3261 25.1: scheme, optional user info, host, then parameters and headers as a URI writes them.
const SIP_URI =
  /^sips?:([\w.!~*'()&=+$,;?/%-]+@)?(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?[\w.;=?&%+:~*@/-]*$/;

const RULES: Readonly<Record<Exclude<TextKind, 'log'>, Rule>> = {
  'play-file': {
    maxLength: 1024,
    shape: [PLAY_FILE, 'is neither an absolute path nor an http(s) URL'],
    forbidden: [CONTROL, EXPANSION, SEPARATOR, QUOTE, PARENT, CREDENTIALS],
  },
  identifier: { maxLength: 64, shape: [/^[\w-]+$/, 'is not an identifier'], forbidden: [] },
  'sip-user': {
    maxLength: 64,
    shape: [/^\+?[\w.*#~-]+$/, 'is neither a number nor a plain user name'],
    forbidden: [CONTROL],
  },
  'sip-uri': {
    maxLength: 512,
    shape: [SIP_URI, 'is not a SIP URI'],
    forbidden: [CONTROL, [/\$\{/, 'holds ${'], [/%0[ad]/i, 'holds an escaped line break']],
  },
  'sip-call-id': {
    maxLength: 128,
    // RFC 3261 25.1, callid = word [ "@" word ], less what a log or an ESL line could trip over.
    shape: [/^[\w.~*+-]+(@[\w.-]+)?$/, 'is not a Call-ID'],
    forbidden: [],
  },
  'display-name': {
    maxLength: 128,
    forbidden: [CONTROL, [/["\\<>]|\$\{/, 'holds a quote, angle bracket or ${']],
  },
  'header-name': {
    maxLength: 64,
    shape: [/^[A-Za-z][A-Za-z0-9-]*$/, 'is not a header name'],
    forbidden: [],
  },
  'header-value': { maxLength: 2048, forbidden: [CONTROL, [/\$\{/, 'holds ${']] },
  reason: {
    maxLength: 128,
    forbidden: [CONTROL, [/["\\]|\$\{/, 'holds a quote, backslash or ${']],
  },
  host: {
    maxLength: 253,
    shape: [/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/, 'is not a host'],
    forbidden: [],
  },
};

const LOG_MAX_LENGTH = 300;

/**
 * Judges a text from outside for one use.
 * @param kind where the text is going
 * @returns the text unchanged, or why it is refused (fit for an operator, without the text itself).
 * For `log` always a text: control characters become spaces, longer than 300 characters is cut.
 */
export function sanitise(kind: TextKind, text: string): Sanitised {
  if (kind === 'log') return { ok: true, value: harmless(text) };
  const rule = RULES[kind];
  if (text.length === 0) return { ok: false, reason: `${kind} is empty` };
  if (text.length > rule.maxLength) {
    return { ok: false, reason: `${kind} is longer than ${rule.maxLength} characters` };
  }
  for (const [pattern, fault] of rule.forbidden) {
    if (pattern.test(text)) return { ok: false, reason: `${kind} ${fault}` };
  }
  if (rule.shape && !rule.shape[0].test(text)) {
    return { ok: false, reason: `${kind} ${rule.shape[1]}` };
  }
  return { ok: true, value: text };
}

function harmless(text: string): string {
  const cut = text.length > LOG_MAX_LENGTH ? `${text.slice(0, LOG_MAX_LENGTH)}…` : text;
  return cut.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}
