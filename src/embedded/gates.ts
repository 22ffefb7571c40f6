/**
 * Gates stand where messages enter and leave the engine: SIP datagrams, frames of the control
 * protocol and of the event socket, RTP packets. In operation there are none; with them a test can
 * lose, delay, repeat or hold what passes (faults.ts). A gate knows nothing of what it passes on but
 * a description.
 */

/** Passes a message on by calling `forward`: at once, later, twice or never. */
export type Gate = (describe: () => string, forward: () => void) => void;

/** The two gates of one protocol. */
export interface Gates {
  readonly inward: Gate;
  readonly outward: Gate;
}

/** Passes through a gate, or straight on where there is none. */
export function pass(gate: Gate | undefined, describe: () => string, forward: () => void): void {
  if (gate) gate(describe, forward);
  else forward();
}
