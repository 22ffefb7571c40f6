/** Functions that one engine has made of the code of a page, found by that code as it was written. */
import type { QuickJSHandle } from 'quickjs-emscripten-core';

const FUNCTIONS_MAX = 300;

/** How code becomes a function. */
const WRAPS = {
  value: (code: string) => `(function(){"use strict";return (${expression(code)}\n)})`,
  test: (code: string) => `(function(){"use strict";return (${expression(code)}\n)?1:0})`,
  assignment: (code: string) => `(function(){"use strict";${expression(code)}\n)})`,
  setter: (location: string) => `(function(__value){"use strict";${location}=__value})`,
  call: (callee: string) => `(function(__value){"use strict";${callee}(__value)})`,
};

export type Wrap = keyof typeof WRAPS;

/** An `assignment` is `location=(code`. */
export interface Compilable {
  readonly wrap: Wrap;
  readonly code: string;
}

/** A script, and the address it came from. */
export interface Script {
  readonly text: string;
  readonly file: string;
}

export function sourceOf({ wrap, code }: Compilable): string {
  return WRAPS[wrap](code);
}

export class CompiledFunctions {
  readonly #byWrap = new Map<Wrap, Map<string, QuickJSHandle>>();
  #size = 0;

  get(wrap: Wrap, code: string): QuickJSHandle | undefined {
    return this.#byWrap.get(wrap)?.get(code);
  }

  add({ wrap, code }: Compilable, made: QuickJSHandle): void {
    if (this.#size >= FUNCTIONS_MAX) this.dispose();
    const ofWrap = this.#byWrap.get(wrap) ?? new Map<string, QuickJSHandle>();
    this.#byWrap.set(wrap, ofWrap.set(code, made));
    this.#size++;
  }

  /** What has been compiled, by which another engine can be brought as far. */
  list(): readonly Compilable[] {
    return [...this.#byWrap].flatMap(([wrap, made]) =>
      [...made.keys()].map((code) => ({ wrap, code })),
    );
  }

  dispose(): void {
    for (const made of this.#byWrap.values()) for (const handle of made.values()) handle.dispose();
    this.#byWrap.clear();
    this.#size = 0;
  }
}

/** Attributes often end like statements. */
function expression(code: string): string {
  return code.replace(/;\s*$/, '');
}
