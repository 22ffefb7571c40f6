/**
 * Runs executable content, block by block: an error of the document becomes an event and ends its
 * block, nothing else (SCXML 1.0, 4.10). Extension elements get their view of the session from here.
 */
import type {
  Action,
  AssignAction,
  Block,
  CancelAction,
  ForeachAction,
  IfAction,
  Payload,
  RaiseAction,
  ScriptAction,
} from '../document/model.js';
import { ScriptError, type Position } from '../errors.js';
import type { ActionContext } from '../extension.js';
import type { CallHost } from '../script/engine-contract.js';
import { withoutTrees } from '../script/xml-value.js';
import { mouldOf } from './page-mould.js';
import { evaluateContent, evaluatePayload } from './payload.js';
import { evaluateText, type Sender } from './sender.js';
import type { Session } from './session.js';

export class ActionRunner {
  readonly #session: Session;
  readonly #sender: Sender;
  #ids = 0;

  constructor(session: Session, sender: Sender) {
    this.#session = session;
    this.#sender = sender;
  }

  /** @throws LimitError */
  runBlock(block: Block): void {
    try {
      this.#runAll(block);
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      this.#session.raiseError(error);
    }
  }

  /** What scripts ask of the session: `In()` and the functions of the dialect. */
  readonly callHost: CallHost = (name, args) => {
    const { document } = this.#session;
    if (name === 'In') return String(this.#session.isIn(parsedText(args[0])));
    return document.dialect.functions?.[name]?.(this.#extensionContext(document.root.at), args);
  };

  /** @param facts JSON text from the host; a dialect that knows no facts passes over them */
  learn(facts: string | undefined): void {
    const { engine, document } = this.#session;
    const { dialect, root } = document;
    if (facts !== undefined && dialect.learn !== undefined)
      engine.give(dialect.learn, facts, root.at);
  }

  #runAll(actions: readonly Action[]): void {
    for (const action of actions) {
      this.#session.guard.countAction();
      this.#run(action);
    }
  }

  #run(action: Action): void {
    const { engine, family, id } = this.#session;
    switch (action.kind) {
      case 'raise':
        return this.#raise(action);
      case 'log': {
        const value = action.value
          ? engine.evaluate(action.value.code, action.value.at)
          : undefined;
        return family.log({ sessionId: id, label: action.label, value });
      }
      case 'assign':
        return this.#assign(action);
      case 'script':
        return this.#script(action);
      case 'if':
        return this.#if(action);
      case 'foreach':
        return this.#foreach(action);
      case 'send':
        return this.#sender.send(action);
      case 'cancel':
        return this.#cancel(action);
      case 'extension':
        return action.execute(this.#extensionContext(action.at));
    }
  }

  #raise({ event, payload, at }: RaiseAction): void {
    const data = evaluatePayload(payload, this.#session.payloadContext, at);
    this.#session.raise({ name: event, type: 'internal', data });
  }

  #assign({ location, value, at }: AssignAction): void {
    const { engine, family } = this.#session;
    if (value.kind === 'code') engine.assignCode(location, value.code.code, at);
    else engine.assignJson(location, evaluateContent(value, { engine, limits: family.limits }), at);
  }

  #script({ source, at }: ScriptAction): void {
    if (source.kind === 'inline') return this.#runScript(source.text, at);
    const loaded = this.#session.resources.get(source.url);
    if (loaded?.kind !== 'ok') throw new ScriptError(`${source.url} could not be loaded`);
    this.#runScript(loaded.text, { file: loaded.url, line: 1, column: 1 });
  }

  #runScript(text: string, at: Position): void {
    const { engine, document } = this.#session;
    mouldOf(document).noteScript({ text, file: at.file });
    engine.run(text, at);
  }

  #if({ branches }: IfAction): void {
    const { engine } = this.#session;
    const taken = branches.find(({ cond }) => !cond || engine.test(cond.code, cond.at));
    if (taken) this.#runAll(taken.body);
  }

  #foreach({ array, item, index, body, at }: ForeachAction): void {
    const { engine } = this.#session;
    const items = engine.snapshot(array.code, array.at);
    try {
      engine.declare(index === undefined ? [item] : [item, index], at);
      for (let i = 0; i < items.length; i++) {
        this.#session.guard.countAction();
        items.assign(i, item, at);
        if (index !== undefined) engine.assignJson(index, String(i), at);
        this.#runAll(body);
      }
    } finally {
      items.dispose();
    }
  }

  #cancel({ sendId }: CancelAction): void {
    this.#sender.cancel(evaluateText(this.#session.engine, sendId));
  }

  #extensionContext(at: Position): ActionContext {
    const session = this.#session;
    const { engine, family, id } = session;
    return {
      sessionId: id,
      evaluate: (code, where) => engine.evaluate(code, where),
      assign: (location, json, where) => engine.assignJson(location, json, where),
      payload: (payload: Payload) => evaluatePayload(payload, this.#session.payloadContext, at),
      raise: (name, data) => session.raise({ name, type: 'internal', data }),
      request: (name, data) => {
        const json = data === undefined ? undefined : withoutTrees(data);
        family.request({ sessionId: id, name, data: json });
      },
      log: (label, value) => family.log({ sessionId: id, label, value }),
      documentUrl: session.document.file,
      activeStates: () => session.activeStates(),
      newId: (prefix) => `${prefix}.${id}.${++this.#ids}`,
      newSessionId: () => family.host.newId(),
      run: (actions) => this.#runAll(actions),
    };
  }
}

function parsedText(json: string | undefined): string {
  const value: unknown = json === undefined ? '' : JSON.parse(json);
  return typeof value === 'string' ? value : '';
}
