/** Identifiers and chance from the system, behind the `Random` port. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Random } from '../ports.js';

/** Largest range crypto's randomInt takes, 2^48 - 1. */
const RANGE = 2 ** 48 - 1;

/** @returns the system's source of randomness, fit for identifiers and tokens. */
export function systemRandom(): Random {
  return { uuid: () => randomUUID(), fraction: () => randomInt(RANGE) / RANGE };
}

/** @returns 128 random bits as text for a URL. */
export function randomToken(): string {
  return randomBytes(16).toString('base64url');
}
