/** Lists of callbacks over our own paths: what narrows them down, and how one page leads to the next. */
import type { CallbackQuery } from '../schedule/callback-query.js';
import { CALLBACK_STATES, type CallbackState } from '../schedule/callback-store.js';
import { RequestProblem } from './problem.js';

export interface CallbackFilter {
  readonly service?: string;
  /** States with commas, `!` before those that are left out. */
  readonly state?: string;
  /** E.164. */
  readonly number?: string;
  /** Window on the desired time, milliseconds since the epoch, both ends included. */
  readonly from?: number;
  readonly to?: number;
}

/** @throws RequestProblem `CBD_REQUEST_MALFORMED` for a state that is none */
export function filterOf({ service, state, number, from, to }: CallbackFilter): CallbackQuery {
  const words = (state ?? '').split(',').filter((word) => word !== '');
  const states = words.filter((word) => !word.startsWith('!')).map(toState);
  const notStates = words
    .filter((word) => word.startsWith('!'))
    .map((word) => toState(word.slice(1)));
  return {
    ...(service !== undefined && { serviceName: service }),
    // A `+` that was not escaped arrives as a blank.
    ...(number !== undefined && { customerNumber: number.replace(/^ /, '+') }),
    ...(states.length > 0 && { states }),
    ...(notStates.length > 0 && { notStates }),
    ...(from !== undefined && { desiredFromMs: from }),
    ...(to !== undefined && { desiredToMs: to }),
  };
}

function toState(word: string): CallbackState {
  const state = CALLBACK_STATES.find((known) => known === word.trim().toUpperCase());
  if (state !== undefined) return state;
  const rule = `one of ${CALLBACK_STATES.join(', ')}`;
  throw new RequestProblem('CBD_REQUEST_MALFORMED', `A callback state is ${rule}.`, {
    fault: { field: 'state', value: word.slice(0, 40), rule },
  });
}

/** Opaque to clients: what it is made of may change. @param id of the last entry of the page */
export function cursorOf(id: string): string {
  return Buffer.from(id).toString('base64url');
}

/** @throws RequestProblem `CBD_REQUEST_MALFORMED` for what `cursorOf` never makes */
export function idOfCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (cursorOf(id) === cursor && /^[\x21-\x7e]{1,150}$/.test(id)) return id;
  const rule = '`next` of the page before';
  throw new RequestProblem('CBD_REQUEST_MALFORMED', `cursor has to be ${rule}.`, {
    fault: { field: 'cursor', value: cursor.slice(0, 40), rule },
  });
}
