/**
 * Other numbers of the same customer, `_alternate_number_1` to `_4`, dialled in their order after the first:
 * one for each attempt, and from the first one again. They are lookup keys of the callback, so that it is
 * found, changed and cancelled by each of them. Ours; GMS has one number.
 */
import type { CallbackRecord } from '../schedule/callback-store.js';

/** With the first number as many as attempts have columns in reports. */
export const ALTERNATE_NUMBERS: readonly string[] = [1, 2, 3, 4].map(
  (place) => `_alternate_number_${place}`,
);

type Numbers = Pick<CallbackRecord, 'customerNumber' | 'lookupKeys'>;

/** All of them in E.164, in the order in which they are dialled, each once. */
export function numbersOf({ customerNumber, lookupKeys }: Numbers): readonly string[] {
  const others = ALTERNATE_NUMBERS.flatMap((key) => lookupKeys[key] || []);
  return [...new Set([customerNumber, ...others])];
}

/**
 * @param attempt from 1
 * @param mayDial a number that may not be dialled gives its turn to the next one that may
 * @returns its own when none may
 */
export function numberForAttempt(
  callback: Numbers,
  attempt: number,
  mayDial: (number: string) => boolean,
): string {
  const numbers = numbersOf(callback);
  const first = Math.max(0, attempt - 1) % numbers.length;
  const inOrder = [...numbers.slice(first), ...numbers.slice(0, first)];
  return inOrder.find(mayDial) ?? inOrder[0] ?? callback.customerNumber;
}
