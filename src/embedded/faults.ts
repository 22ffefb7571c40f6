/**
 * Faults on request: rules that drop, delay, repeat or freeze the messages that match them, at the
 * gates of the engine. For tests only: the one way to them is `startFaultyEmbedded` in testing.ts,
 * and no configuration leads there.
 *
 * A rule is data, because it crosses a thread; its predicate is a regular expression over the
 * message's text. The first rule of a gate that matches decides, so a message has one fate.
 */
import type { Gate, Gates } from './gates.js';

/** Where messages pass; `in` is towards the engine. */
export const FAULT_POINTS = [
  'sip-in',
  'sip-out',
  'esl-in',
  'esl-out',
  'drachtio-in',
  'drachtio-out',
  'rtp-in',
  'rtp-out',
] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];

/** What becomes of a message. A frozen one waits until its rule ends, in order. */
export type FaultAction =
  | { readonly kind: 'drop' }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'freeze' };

export interface FaultRule {
  readonly point: FaultPoint;
  /**
   * Looked for in the message's text: the SIP message, the event socket's block, the control
   * protocol's message, or `rtp port=20000 pt=0 seq=17` with the engine's own port. All messages
   * when left out.
   */
  readonly matches?: RegExp;
  /** Matching messages to let pass first; 0 by default. */
  readonly skip?: number;
  /** Messages to treat, after which the rule does nothing more; no limit by default. */
  readonly times?: number;
  readonly action: FaultAction;
}

interface ActiveRule {
  readonly rule: FaultRule;
  toSkip: number;
  left: number;
  hits: number;
  readonly held: (() => void)[];
}

/** See the head of this file. */
export class Faults {
  readonly #rules = new Map<number, ActiveRule>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #nextId = 1;

  /** @returns the id to end it with */
  add(rule: FaultRule): number {
    const id = this.#nextId++;
    const { skip: toSkip = 0, times: left = Infinity } = rule;
    this.#rules.set(id, { rule, toSkip, left, hits: 0, held: [] });
    return id;
  }

  /**
   * Ends a rule; what it has frozen goes on now, in order.
   * @returns how many messages it has treated, 0 for an unknown rule
   */
  end(id: number): number {
    const active = this.#rules.get(id);
    this.#rules.delete(id);
    for (const forward of active?.held ?? []) forward();
    return active?.hits ?? 0;
  }

  /** Ends all rules; what was frozen or delayed is lost. */
  clear(): void {
    this.#rules.clear();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** The gates of one protocol, such as `sip`. */
  gates(protocol: 'sip' | 'esl' | 'drachtio' | 'rtp'): Gates {
    return { inward: this.#gate(`${protocol}-in`), outward: this.#gate(`${protocol}-out`) };
  }

  #gate(point: FaultPoint): Gate {
    return (describe, forward) => {
      const active = this.#choose(point, describe);
      if (!active) return forward();
      active.hits++;
      active.left--;
      this.#treat(active, forward);
    };
  }

  #choose(point: FaultPoint, describe: () => string): ActiveRule | undefined {
    let text: string | undefined;
    for (const active of this.#rules.values()) {
      const { matches } = active.rule;
      if (active.rule.point !== point || active.left <= 0) continue;
      if (matches && !matches.test((text ??= describe()))) continue;
      if (active.toSkip === 0) return active;
      active.toSkip--;
    }
    return undefined;
  }

  #treat({ rule: { action }, held }: ActiveRule, forward: () => void): void {
    switch (action.kind) {
      case 'drop':
        return;
      case 'duplicate':
        forward();
        return forward();
      case 'freeze':
        return void held.push(forward);
      case 'delay': {
        const timer = setTimeout(() => {
          this.#timers.delete(timer);
          forward();
        }, action.delayMs);
        this.#timers.add(timer);
      }
    }
  }
}
