import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { DEFAULT_LIMITS } from '../../../../src/plugin/scxml/limits.js';
import { EnginePool } from '../../../../src/plugin/scxml/script/engine-pool.js';
import { ScriptEngine } from '../../../../src/plugin/scxml/script/script-engine.js';

const AT = { file: 'test', line: 1, column: 1 };

async function makeEngine() {
  const budget = { ticks: 0, asked: 0, isOver: false };
  const engine = new ScriptEngine((await EnginePool.create(1)).take(), DEFAULT_LIMITS, {
    tick: () => ++budget.ticks < 0,
    get isScriptOver() {
      budget.asked++;
      return budget.isOver;
    },
  });
  return { engine, budget };
}

describe('the script engine', () => {
  it('stops within a few loops once time is up, whatever each of them costs', async () => {
    const { engine, budget } = await makeEngine();
    engine.run('var loops = 0;', AT);
    budget.isOver = true;
    assert.throws(() => engine.run('for (;;) loops++;', AT), { code: 'SCXML_SCRIPT_TOO_LONG' });
    budget.isOver = false;
    assert.ok(Number(engine.evaluate('loops', AT)) <= 20);
    engine.dispose();
  });

  it('stops where nine tenths of the time pass inside its library', async () => {
    for (const code of [
      'var list = []; for (var i = 0; i < 50000; i++) list.push(i); for (;;) JSON.parse(JSON.stringify(list));',
      "for (;;) 'x'.repeat(1e6).toUpperCase();",
      'var n = 3n; for (var i = 0; i < 14; i++) n *= n; for (;;) n.toString();',
      "for (;;) try { new Function('x'.repeat(1e5)); } catch (error) {}",
    ]) {
      const { engine } = await makeEngine();
      const startedAt = performance.now();
      const budget = {
        tick: () => false,
        get isScriptOver() {
          return performance.now() - startedAt > 200;
        },
      };
      engine.adopt(budget, () => undefined);
      assert.throws(() => engine.run(code, AT), { code: 'SCXML_SCRIPT_TOO_LONG' }, code);
      engine.dispose();
    }
  });

  it('counts a plain loop as it always did', async () => {
    const { engine, budget } = await makeEngine();
    engine.run('for (var i = 0; i < 1000000; i++);', AT);
    assert.ok(budget.ticks >= 90 && budget.ticks <= 220, `${budget.ticks} ticks`);
    engine.dispose();
  });
});
