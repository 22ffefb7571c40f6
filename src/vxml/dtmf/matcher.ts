/**
 * Follows keys through several grammars at once. Each grammar becomes states with the keys that lead on;
 * a set of places in it is moved with every key, in order of preference, so the time for a key depends
 * on the size of the grammar only and never on what was pressed before.
 */
import { badFetch } from '../errors.js';
import type { DtmfGrammar, Expansion } from './grammar.js';

/** [rule, parts]: what was matched, for the tags. A part is keys, a tag or a rule. */
export type RuleTree = readonly [string, readonly RulePart[]];
export type RulePart = string | { readonly tag: string } | { readonly literal: string } | RuleTree;

export interface GrammarMatch {
  /** Index of the grammar, in the order they were given. */
  readonly grammar: number;
  readonly digits: string;
  readonly tree: RuleTree;
}

export interface MatcherState {
  /** What was pressed is a whole utterance. */
  readonly isMatch: boolean;
  /** More keys could follow. */
  readonly canGoOn: boolean;
}

type Step =
  | { readonly kind: 'key'; readonly key: string; readonly next: number }
  | { readonly kind: 'split'; readonly next: readonly number[] }
  | { readonly kind: 'note'; readonly note: Note; readonly next: number }
  | { readonly kind: 'accept' };

type Note =
  | { readonly kind: 'enter'; readonly rule: string }
  | { readonly kind: 'leave' }
  | { readonly kind: 'tag'; readonly text: string; readonly isLiteral: boolean };

interface History {
  readonly before: History | undefined;
  readonly what: Note | string;
}

interface Place {
  readonly state: number;
  readonly history: History | undefined;
}

const RULE_DEPTH_MAX = 32;

/** A grammar as states. Make it once, use it for many inputs. */
export class CompiledGrammar {
  readonly grammar: DtmfGrammar;
  readonly #steps: Step[] = [];
  readonly #start: number;
  readonly #statesMax: number;
  #visits = 0;
  /** Most keys that can be matched. */
  readonly longest: number;

  /** @throws PageEvent error.badfetch when it is too large, or its rules refer to each other for ever */
  constructor(grammar: DtmfGrammar, statesMax: number) {
    this.grammar = grammar;
    this.#statesMax = statesMax;
    const accept = this.#add({ kind: 'accept' });
    this.#start = this.#compile(grammar.root, accept, 0);
    this.longest = longestOf(grammar.root);
  }

  begin(): Place[] {
    const places: Place[] = [];
    this.#reach(this.#start, undefined, new Set(), places);
    return places;
  }

  press(places: readonly Place[], key: string): Place[] {
    const next: Place[] = [];
    const seen = new Set<number>();
    for (const { state, history } of places) {
      const step = this.#steps[state];
      if (step?.kind === 'key' && step.key === key) {
        this.#reach(step.next, { before: history, what: key }, seen, next);
      }
    }
    return next;
  }

  /** The preferred way that ends here; undefined = none does. */
  accepted(places: readonly Place[]): Place | undefined {
    return places.find(({ state }) => this.#steps[state]?.kind === 'accept');
  }

  canGoOn(places: readonly Place[]): boolean {
    return places.some(({ state }) => this.#steps[state]?.kind === 'key');
  }

  canTake(places: readonly Place[], key: string): boolean {
    return places.some(({ state }) => {
      const step = this.#steps[state];
      return step?.kind === 'key' && step.key === key;
    });
  }

  /** With a stack of its own: a grammar may nest deeper than ours. */
  #reach(from: number, history: History | undefined, seen: Set<number>, into: Place[]): void {
    const stack: Place[] = [{ state: from, history }];
    for (let place = stack.pop(); place; place = stack.pop()) {
      if (seen.has(place.state)) continue;
      seen.add(place.state);
      const step = this.#steps[place.state];
      if (step?.kind === 'split') {
        for (const next of [...step.next].reverse()) {
          stack.push({ state: next, history: place.history });
        }
      } else if (step?.kind === 'note') {
        stack.push({ state: step.next, history: { before: place.history, what: step.note } });
      } else into.push(place);
    }
  }

  #add(step: Step): number {
    if (this.#steps.length >= this.#statesMax) {
      throw badFetch(`the grammar has more than ${this.#statesMax} states`);
    }
    return this.#steps.push(step) - 1;
  }

  /** @returns the state it begins in, given the one that follows it */
  #compile(part: Expansion, next: number, depth: number): number {
    // Repeats of nothing make no states, and could be written out for ever.
    if (++this.#visits > 8 * this.#statesMax) throw badFetch('the grammar is too large');
    switch (part.kind) {
      case 'key':
        return this.#add({ kind: 'key', key: part.key, next });
      case 'sequence':
        return part.parts.reduceRight((after, one) => this.#compile(one, after, depth), next);
      case 'one-of': {
        const starts = part.parts.map((one) => this.#compile(one, next, depth));
        return this.#add({ kind: 'split', next: starts });
      }
      case 'repeat':
        return this.#repeat(part, next, depth);
      case 'tag':
        return this.#add({ kind: 'note', note: part, next });
      case 'rule': {
        if (depth >= RULE_DEPTH_MAX) throw badFetch(`rule ${part.name} refers to itself for ever`);
        const leave = this.#add({ kind: 'note', note: { kind: 'leave' }, next });
        const inner = this.#compile(part.part(), leave, depth + 1);
        return this.#add({ kind: 'note', note: { kind: 'enter', rule: part.name }, next: inner });
      }
      case 'void':
        return this.#add({ kind: 'split', next: [] });
    }
  }

  #repeat(part: Extract<Expansion, { kind: 'repeat' }>, next: number, depth: number): number {
    let start = next;
    if (part.max === Infinity) {
      const targets: number[] = [];
      start = this.#add({ kind: 'split', next: targets });
      targets.push(this.#compile(part.part, start, depth), next);
    } else {
      for (let count = part.min; count < part.max; count++) {
        const once = this.#compile(part.part, start, depth);
        start = this.#add({ kind: 'split', next: [once, next] });
      }
    }
    for (let count = 0; count < part.min; count++) start = this.#compile(part.part, start, depth);
    return start;
  }
}

/** Keys of one input through all active grammars. */
export class Matcher {
  readonly #grammars: readonly CompiledGrammar[];
  #places: (readonly Place[])[];
  #digits = '';

  /** @param grammars in order of precedence */
  constructor(grammars: readonly CompiledGrammar[]) {
    this.#grammars = grammars;
    this.#places = grammars.map((grammar) => grammar.begin());
  }

  get digits(): string {
    return this.#digits;
  }

  /** Most keys that could ever match. */
  get longest(): number {
    return Math.max(0, ...this.#grammars.map(({ longest }) => longest));
  }

  get state(): MatcherState {
    return {
      isMatch: this.#grammars.some((one, i) => one.accepted(this.#places[i] ?? []) !== undefined),
      canGoOn: this.#grammars.some((one, i) => one.canGoOn(this.#places[i] ?? [])),
    };
  }

  /** Whether a grammar has a use for the key now. */
  canTake(key: string): boolean {
    return this.#grammars.some((one, i) => one.canTake(this.#places[i] ?? [], key));
  }

  press(key: string): MatcherState {
    this.#digits += key;
    this.#places = this.#grammars.map((one, i) => one.press(this.#places[i] ?? [], key));
    return this.state;
  }

  reset(): void {
    this.#digits = '';
    this.#places = this.#grammars.map((grammar) => grammar.begin());
  }

  /** What was pressed, as the first grammar that takes it reads it. */
  match(): GrammarMatch | undefined {
    for (const [index, grammar] of this.#grammars.entries()) {
      const place = grammar.accepted(this.#places[index] ?? []);
      if (place) return { grammar: index, digits: this.#digits, tree: treeOf(place.history) };
    }
    return undefined;
  }
}

function treeOf(history: History | undefined): RuleTree {
  const notes: History['what'][] = [];
  for (let at = history; at; at = at.before) notes.push(at.what);
  const top: RulePart[] = [];
  const open: RulePart[][] = [top];
  for (const note of notes.reverse()) {
    const parts = open.at(-1) ?? top;
    if (typeof note === 'string') parts.push(note);
    else if (note.kind === 'tag') {
      parts.push(note.isLiteral ? { literal: note.text } : { tag: note.text });
    } else if (note.kind === 'enter') {
      const inner: RulePart[] = [];
      parts.push([note.rule, inner]);
      open.push(inner);
    } else open.pop();
  }
  return ['', top];
}

function longestOf(part: Expansion): number {
  switch (part.kind) {
    case 'key':
      return 1;
    case 'sequence':
      return part.parts.reduce((sum, one) => sum + longestOf(one), 0);
    case 'one-of':
      return Math.max(0, ...part.parts.map(longestOf));
    case 'repeat': {
      const once = longestOf(part.part);
      return once === 0 ? 0 : once * part.max;
    }
    case 'rule':
      return longestOf(part.part());
    case 'tag':
    case 'void':
      return 0;
  }
}
