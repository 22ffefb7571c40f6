/**
 * Which operations of one transaction follow each other, and which are carried out side by side. Side
 * by side is what cannot see each other's work: what looks first and writes then, as a limit does,
 * would look too early.
 */

import { aloneWith } from '../accept-limits.js';
import type { Operation } from '../messages.js';

/** The callback, or whatever else, whose operations have an order. */
export function laneOf(operation: Operation): string | undefined {
  if (operation.kind === 'accept') return operation.callback.id;
  if (operation.kind === 'keep-agent') return `agent ${operation.memo.name}`;
  if (operation.kind === 'hold-agent') return `agent ${operation.name}`;
  if (operation.kind === 'renew-agents' && operation.names.length === 1) {
    return `agent ${operation.names[0]}`;
  }
  return 'id' in operation ? operation.id : undefined;
}

/** @returns every operation's index, once, in chains; in each chain in the order given */
export function chainsOf(operations: readonly Operation[]): readonly (readonly number[])[] {
  const chains = new Map<string, number[]>();
  for (const [index, operation] of operations.entries()) {
    const name = chainName(operation);
    const chain = chains.get(name);
    if (chain === undefined) chains.set(name, [index]);
    else chain.push(index);
  }
  return [...chains.values()];
}

function chainName(operation: Operation): string {
  if (operation.kind !== 'accept') return laneOf(operation) ?? '';
  const { callback, limits, idempotencyKey } = operation;
  const isLimited = idempotencyKey !== undefined || aloneWith(callback, limits).length > 0;
  return isLimited ? 'limited accepts' : callback.id;
}
