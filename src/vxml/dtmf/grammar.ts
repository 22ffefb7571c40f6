/**
 * A DTMF grammar as a tree: what SRGS, the built-in types, options and choices become before they are
 * compiled. Pure data.
 */

export type Expansion =
  /** One key: 0-9, *, #, A-D. */
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'sequence'; readonly parts: readonly Expansion[] }
  | { readonly kind: 'one-of'; readonly parts: readonly Expansion[] }
  | {
      readonly kind: 'repeat';
      readonly part: Expansion;
      readonly min: number;
      /** Infinity: without end. */
      readonly max: number;
    }
  /** Text of a tag; literal: it is the value, not code. */
  | { readonly kind: 'tag'; readonly text: string; readonly isLiteral: boolean }
  /** A rule of its own, with rule variables of its own. */
  | { readonly kind: 'rule'; readonly name: string; readonly part: () => Expansion }
  /** Nothing can match it (VOID). */
  | { readonly kind: 'void' };

export const KEYS = '0123456789*#ABCD';

export function keys(text: string): Expansion {
  return { kind: 'sequence', parts: [...text].map((key) => ({ kind: 'key', key })) };
}

export function anyOf(text: string): Expansion {
  return { kind: 'one-of', parts: [...text].map((key) => ({ kind: 'key', key })) };
}

export function sequence(...parts: readonly Expansion[]): Expansion {
  return { kind: 'sequence', parts };
}

export function repeat(part: Expansion, min: number, max = Infinity): Expansion {
  return { kind: 'repeat', part, min, max };
}

/** A grammar that can be listened to. */
export interface DtmfGrammar {
  readonly root: Expansion;
  /** What the keys mean when no tag says so; undefined = the keys. JSON text. */
  readonly meaning?: (digits: string) => string;
}
