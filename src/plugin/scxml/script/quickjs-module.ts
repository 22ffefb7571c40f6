/**
 * QuickJS in WebAssembly, made to ask oftener whether time is up. Unchanged, it asks after every 10,000
 * loops and calls, whatever each of them costs: a loop around one `JSON.parse` of a large text would run
 * for an hour between two questions. The number is a constant in its code, of which no build has another;
 * here it is ten. Plain loops take a third longer: 664 instead of 503 ms.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
} from 'quickjs-emscripten-core';

const require = createRequire(import.meta.url);
const PACKAGE = '@jitl/quickjs-wasmfile-release-sync';
// By require: its ES module and its CommonJS types disagree about the default export.
const { default: variant } = require(PACKAGE) as { readonly default: QuickJSSyncVariant };

/** `i32.const 10000`, `i32.store`: where the engine and its regular expressions wind their counters up. */
const REWIND = Buffer.from('4190ce003602', 'hex');
const REWINDS = 3;
/** The same with ten, in as many bytes. */
const REWIND_TO_TEN = Buffer.from('418a80003602', 'hex');

/** Interrupts for what the unchanged engine counts as one, about 0.1 ms of script. */
export const INTERRUPTS_PER_TICK = 1000;

let binary: Promise<ArrayBuffer> | undefined;

/** A new instance. @throws Error when the engine is not the one this was written for */
export async function newQuickJs(): Promise<QuickJSWASMModule> {
  binary ??= readBinary();
  return newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmBinary: await binary }));
}

async function readBinary(): Promise<ArrayBuffer> {
  const code = await readFile(require.resolve(`${PACKAGE}/wasm`));
  let found = 0;
  for (let at = code.indexOf(REWIND); at >= 0; at = code.indexOf(REWIND, at + 1)) {
    REWIND_TO_TEN.copy(code, at);
    found++;
  }
  if (found !== REWINDS)
    throw new Error(`${PACKAGE} counts its loops in another way than expected`);
  return new Uint8Array(code).buffer;
}
