/**
 * QuickJS in WebAssembly, changed in two places; the changes are for one build of it, known by its digest.
 *
 * It asks oftener whether time is up. Unchanged, it asks after every 10,000 loops and calls, whatever each
 * of them costs: a loop around one `JSON.parse` of a large text would run for an hour between two
 * questions. The number is a constant in its code, of which no build has another; here it is ten. Plain
 * loops take a third longer: 664 instead of 503 ms.
 *
 * And what was compiled only can be run, by calling it: the engine can do that, but exports no way to it.
 */
import { createHash } from 'node:crypto';
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
const SHA256 = '105c3bed22d457e43e3d1c3c1c6959fda62a8fe06f0fc8a985303c3a2be72232';
// By require: its ES module and its CommonJS types disagree about the default export.
const { default: variant } = require(PACKAGE) as { readonly default: QuickJSSyncVariant };

/** `i32.const 10000`, `i32.store`: where the engine and its regular expressions wind their counters up. */
const REWIND = Buffer.from('4190ce003602', 'hex');
const REWINDS = 3;
/** The same with ten, in as many bytes. */
const REWIND_TO_TEN = Buffer.from('418a80003602', 'hex');

/** The export of `QTS_TestStringArg`, function 1107, which does nothing. */
const UNUSED_EXPORT = Buffer.from('02796100d308', 'hex');
/** The same name for `JS_EvalFunction`, function 777. */
const EVAL_FUNCTION_EXPORT = Buffer.from('027961008906', 'hex');
/** Upper half of a value that is compiled code. */
const COMPILED = -2;

/** Interrupts for what the unchanged engine counts as one, about 0.1 ms of script. */
export const INTERRUPTS_PER_TICK = 1000;

type Ffi = InstanceType<Awaited<ReturnType<QuickJSSyncVariant['importFFI']>>>;
type Emscripten = ConstructorParameters<Awaited<ReturnType<QuickJSSyncVariant['importFFI']>>>[0];

let binary: Promise<ArrayBuffer> | undefined;

/** A new instance. @throws Error when the engine is not the one this was written for */
export async function newQuickJs(): Promise<QuickJSWASMModule> {
  binary ??= readBinary();
  const changed = newVariant(variant, { wasmBinary: await binary });
  return newQuickJSWASMModuleFromVariant({ ...changed, importFFI });
}

async function readBinary(): Promise<ArrayBuffer> {
  const code = await readFile(require.resolve(`${PACKAGE}/wasm`));
  const isKnown = createHash('sha256').update(code).digest('hex') === SHA256;
  if (
    !isKnown ||
    replaceAll(code, REWIND, REWIND_TO_TEN) !== REWINDS ||
    replaceAll(code, UNUSED_EXPORT, EVAL_FUNCTION_EXPORT) !== 1
  )
    throw new Error(`${PACKAGE} is not the build expected`);
  return new Uint8Array(code).buffer;
}

/** @returns how often it was found */
function replaceAll(code: Buffer, wanted: Buffer, instead: Buffer): number {
  let found = 0;
  for (let at = code.indexOf(wanted); at >= 0; at = code.indexOf(wanted, at + 1)) {
    instead.copy(code, at);
    found++;
  }
  return found;
}

async function importFFI() {
  const Original = await variant.importFFI();
  return class extends Original {
    constructor(module: Emscripten) {
      super(module);
      this.QTS_Call = callOrRun(this, module);
    }
  };
}

/** Values are eight bytes, their kind in the upper four, and what they share is counted. */
function callOrRun(ffi: Ffi, module: Emscripten): Ffi['QTS_Call'] {
  const call = ffi.QTS_Call;
  const exported = module as unknown as Readonly<
    Record<'_QTS_TestStringArg', (context: number, code: bigint) => bigint>
  >;
  return (context, callee, ...args) => {
    if (new DataView(module.HEAPU8.buffer).getInt32(callee + 4, true) !== COMPILED)
      return call(context, callee, ...args);
    // To run it uses it up.
    const copy = ffi.QTS_DupValuePointer(context, callee);
    const code = new DataView(module.HEAPU8.buffer).getBigInt64(copy, true);
    const result = exported._QTS_TestStringArg(context, code);
    // In the place of the copy.
    new DataView(module.HEAPU8.buffer).setBigInt64(copy, result, true);
    return copy;
  };
}
