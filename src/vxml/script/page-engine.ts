/** The script engine of a session, with the prelude in it: made when it is asked for, or ahead. */
import type { EngineInstance } from '../../plugin/scxml/script/engine-pool.js';
import type { EngineShelf, Mould } from '../../plugin/scxml/script/engine-shelf.js';
import type { ScriptBudget } from '../../plugin/scxml/script/engine-contract.js';
import { ScriptEngine } from '../../plugin/scxml/script/script-engine.js';
import type { PageLimits } from '../limits.js';
import { PRELUDE } from './prelude.js';

/** Makes one, for one session. @throws LimitError when not even an empty one fits its memory */
export type NewPageEngine = (limits: PageLimits, budget: ScriptBudget) => ScriptEngine;

/** All pages have the same: nothing of a page runs before its session. */
const PAGE_MOULD: Mould = {
  shape: (engine) => {
    engine.run(PRELUDE, { file: 'prelude', line: 1, column: 1 });
    return [];
  },
};

export function engineOn(instance: EngineInstance): NewPageEngine {
  return (limits, budget) => {
    const engine = new ScriptEngine(instance, limits, budget);
    PAGE_MOULD.shape(engine);
    return engine;
  };
}

/** @param shelf whose limits are those of the sessions */
export function engineFrom(shelf: EngineShelf): NewPageEngine {
  return (_limits, budget) => shelf.take(PAGE_MOULD, budget, () => undefined).engine;
}
