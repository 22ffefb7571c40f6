/**
 * What a plugin or a VoiceXML page may answer: `action`, `message`, and the optional `customer_number`,
 * `customer_number_prefix` and `delay` (page: "Return the Plugin Response").
 *
 * It reads hostile input: own data properties only, limited in size, never an exception. What it refuses
 * it refuses with a stable code, which becomes an HTTP 400; the plugin may correct itself until its time
 * to live is over. Whether a number may be dialled in this country, and whether a destination is allowed,
 * is decided by the parts that know the configuration.
 */

export const REPLY_ACTIONS = ['cancel', 'route_to_agent', 'route_to_rp', 'retry'] as const;

export type ReplyAction = (typeof REPLY_ACTIONS)[number];

/** A reply that has been read and found well formed. */
export interface PluginReply {
  readonly action: ReplyAction;
  /** `route_to_rp` only: its `message`. */
  readonly destination?: string;
  /** `message` was `interaction_deleted`: the plugin saw the customer hang up. */
  readonly isInteractionDeleted: boolean;
  /** Replaces the callback's number from now on; digits and their punctuation, as given. */
  readonly customerNumber?: string;
  /** Replaces `_prefix_dial_out` from now on; '' = no prefix. */
  readonly customerNumberPrefix?: string;
  /** `retry` only: pause before the next attempt. */
  readonly delayMs?: number;
  /** Fields that were sent and have no meaning with this action. */
  readonly ignoredFields: readonly string[];
}

export type ReplyRejectionCode =
  | 'REPLY_NOT_AN_OBJECT'
  | 'REPLY_TOO_LONG'
  | 'REPLY_NO_ACTION'
  | 'REPLY_UNKNOWN_ACTION'
  | 'REPLY_NO_MESSAGE'
  | 'REPLY_BAD_MESSAGE'
  | 'REPLY_NO_DESTINATION'
  | 'REPLY_BAD_DESTINATION'
  | 'REPLY_BAD_NUMBER'
  | 'REPLY_BAD_PREFIX'
  | 'REPLY_BAD_DELAY'
  | 'REPLY_NO_CALL';

export interface ReplyRejection {
  readonly code: ReplyRejectionCode;
  /** The field at fault, as the plugin spelled it. */
  readonly field: string;
  readonly message: string;
}

export type ParsedReply =
  | { readonly ok: true; readonly reply: PluginReply }
  | { readonly ok: false; readonly rejection: ReplyRejection };

/** Longest reply taken as JSON text (a page's `treatment_result`). */
const TEXT_MAX_LENGTH = 16 * 1024;
const DESTINATION_MAX_LENGTH = 256;
const DAY_SECONDS = 24 * 60 * 60;
/** Longest `delay`. It also keeps the pause far from the limit of a 32-bit timer. */
export const DELAY_MAX_SECONDS = 7 * DAY_SECONDS;

/** The page's samples print both `OK` and `0k`, with a zero. */
const OK_MESSAGE = /^[o0]k$/i;
const INTERACTION_DELETED = 'interaction_deleted';
/** A dialable number with the usual punctuation. Stricter checks follow where countries are known. */
const NUMBER = /^\+?[0-9(][0-9 ().-]{1,30}$/;
const NUMBER_MIN_DIGITS = 2;
const PREFIX = /^[+]?[0-9*#]{0,15}$/;
const DECIMAL = /^[0-9]{1,12}(\.[0-9]{1,6})?$/;
/** What form encoding makes of a variable that was never set. */
const UNSET = new Set(['undefined', 'null']);

type Field = 'action' | 'message' | 'customer_number' | 'customer_number_prefix' | 'delay';

type Read<T> = { readonly value: T } | { readonly rejection: ReplyRejection };

/**
 * Reads a reply. Forms, JSON objects and JSON text are taken alike; unknown fields are passed over.
 *
 * @param raw anything: a parsed form or JSON body, a page's `treatment_result`, or its JSON text
 */
export function parseReply(raw: unknown): ParsedReply {
  const body = readBody(raw);
  if ('rejection' in body) return refused(body.rejection);
  const action = readAction(body.value);
  if ('rejection' in action) return refused(action.rejection);
  const message = readMessage(body.value, action.value);
  if ('rejection' in message) return refused(message.rejection);
  const number = readNumber(body.value);
  if ('rejection' in number) return refused(number.rejection);
  const prefix = readPrefix(body.value);
  if ('rejection' in prefix) return refused(prefix.rejection);
  const isRetry = action.value === 'retry';
  const delay = isRetry ? readDelay(body.value) : { value: undefined };
  if ('rejection' in delay) return refused(delay.rejection);
  const isDelayIgnored = !isRetry && fieldOf(body.value, 'delay') !== undefined;
  return {
    ok: true,
    reply: {
      action: action.value,
      ...message.value,
      ...(number.value !== undefined && { customerNumber: number.value }),
      ...(prefix.value !== undefined && { customerNumberPrefix: prefix.value }),
      ...(delay.value !== undefined && { delayMs: delay.value }),
      ignoredFields: isDelayIgnored ? ['delay'] : [],
    },
  };
}

/**
 * Holds a well-formed reply against the call: without a call only `cancel` and `retry` make sense.
 *
 * @returns the rejection, or undefined when the reply can be carried out
 */
export function checkReply(
  reply: PluginReply,
  situation: { readonly callIsUp: boolean },
): ReplyRejection | undefined {
  if (reply.action === 'cancel' || reply.action === 'retry' || situation.callIsUp) return undefined;
  return {
    code: 'REPLY_NO_CALL',
    field: 'action',
    message: `${reply.action} needs a call, and there is none: answer cancel or retry`,
  };
}

function readBody(raw: unknown): Read<object> {
  if (typeof raw !== 'string') return asObject(raw);
  if (raw.length > TEXT_MAX_LENGTH) {
    return no('REPLY_TOO_LONG', '', `a reply is at most ${TEXT_MAX_LENGTH} characters`);
  }
  try {
    return asObject(JSON.parse(raw));
  } catch {
    return no('REPLY_NOT_AN_OBJECT', '', 'a reply is an object with action and message');
  }
}

function asObject(raw: unknown): Read<object> {
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return { value: raw };
  return no('REPLY_NOT_AN_OBJECT', '', 'a reply is an object with action and message');
}

function readAction(body: object): Read<ReplyAction> {
  const action = textOf(fieldOf(body, 'action'));
  if (action === undefined || action === '') {
    return no('REPLY_NO_ACTION', 'action', `action is one of ${REPLY_ACTIONS.join(', ')}`);
  }
  const known = REPLY_ACTIONS.find((name) => name === action);
  if (known !== undefined) return { value: known };
  const found = JSON.stringify(action.slice(0, 40));
  const message = `action ${found} is unknown; it is one of ${REPLY_ACTIONS.join(', ')}`;
  return no('REPLY_UNKNOWN_ACTION', 'action', message);
}

/** The message means the destination with `route_to_rp`, so the action is looked at first. */
function readMessage(
  body: object,
  action: ReplyAction,
): Read<Pick<PluginReply, 'destination' | 'isInteractionDeleted'>> {
  const message = textOf(fieldOf(body, 'message'));
  if (action === 'route_to_rp') return readDestination(message);
  if (message === undefined || message === '') {
    return no('REPLY_NO_MESSAGE', 'message', 'message is mandatory: OK, or interaction_deleted');
  }
  if (OK_MESSAGE.test(message)) return { value: { isInteractionDeleted: false } };
  if (message !== INTERACTION_DELETED) {
    return no('REPLY_BAD_MESSAGE', 'message', 'message is OK, or interaction_deleted');
  }
  if (action === 'cancel' || action === 'retry') return { value: { isInteractionDeleted: true } };
  return no('REPLY_BAD_MESSAGE', 'message', `${INTERACTION_DELETED} goes with cancel or retry`);
}

function readDestination(
  message: string | undefined,
): Read<Pick<PluginReply, 'destination' | 'isInteractionDeleted'>> {
  if (message === undefined || message === '' || OK_MESSAGE.test(message)) {
    const why = 'with route_to_rp the message is the destination';
    return no('REPLY_NO_DESTINATION', 'message', why);
  }
  if (message === INTERACTION_DELETED) {
    return no('REPLY_BAD_MESSAGE', 'message', `${INTERACTION_DELETED} goes with cancel or retry`);
  }
  if (message.length > DESTINATION_MAX_LENGTH || hasControlCharacter(message)) {
    const why = `a destination is at most ${DESTINATION_MAX_LENGTH} characters, none of control`;
    return no('REPLY_BAD_DESTINATION', 'message', why);
  }
  return { value: { destination: message, isInteractionDeleted: false } };
}

function readNumber(body: object): Read<string | undefined> {
  const raw = fieldOf(body, 'customer_number');
  if (isUnset(raw)) return { value: undefined };
  const number = textOf(raw);
  if (number === '') return { value: undefined };
  if (number !== undefined && isDialable(number)) return { value: number };
  const why = 'customer_number is a number of 2 to 32 digits, + and the signs ( ) . -';
  return no('REPLY_BAD_NUMBER', 'customer_number', why);
}

function isDialable(number: string): boolean {
  return NUMBER.test(number) && number.replace(/[^0-9]/g, '').length >= NUMBER_MIN_DIGITS;
}

function readPrefix(body: object): Read<string | undefined> {
  const raw = fieldOf(body, 'customer_number_prefix');
  if (isUnset(raw)) return { value: undefined };
  const prefix = textOf(raw);
  if (prefix !== undefined && PREFIX.test(prefix)) return { value: prefix };
  const why = 'customer_number_prefix is up to 15 digits, * or #; empty means none';
  return no('REPLY_BAD_PREFIX', 'customer_number_prefix', why);
}

function readDelay(body: object): Read<number | undefined> {
  const raw = fieldOf(body, 'delay');
  if (isUnset(raw) || raw === '') return { value: undefined };
  const text = textOf(raw);
  const seconds = text !== undefined && DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (seconds <= DELAY_MAX_SECONDS) return { value: Math.round(seconds * 1000) };
  const why = `delay is a number of seconds from 0 to ${DELAY_MAX_SECONDS}`;
  return no('REPLY_BAD_DELAY', 'delay', why);
}

/** The value of an own data property; a getter is not run and a prototype not asked. */
function fieldOf(body: object, field: Field): unknown {
  const own = Object.getOwnPropertyDescriptor(body, field);
  return own !== undefined && 'value' in own ? (own.value as unknown) : undefined;
}

/** Texts without the blanks around them, and finite numbers as text; undefined for anything else. */
function textOf(raw: unknown): string | undefined {
  if (typeof raw === 'number' && Number.isFinite(raw)) return String(raw);
  if (typeof raw !== 'string' || raw.length > TEXT_MAX_LENGTH) return undefined;
  return raw.trim();
}

function isUnset(raw: unknown): boolean {
  return raw === undefined || raw === null || (typeof raw === 'string' && UNSET.has(raw.trim()));
}

/** C0 and C1 controls, and halves of surrogate pairs, which no encoder can write. */
function hasControlCharacter(text: string): boolean {
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return true;
    if (code >= 0xd800 && code <= 0xdfff) return true;
  }
  return false;
}

function no(
  code: ReplyRejectionCode,
  field: string,
  message: string,
): { rejection: ReplyRejection } {
  return { rejection: { code, field, message } };
}

function refused(rejection: ReplyRejection): ParsedReply {
  return { ok: false, rejection };
}
