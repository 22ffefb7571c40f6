/**
 * `<send>` and `<cancel>`: what is sent is evaluated at once, delivered at once or after its delay.
 * Targets: this session, its parent, what it invoked, another session of the same family, or an
 * address for the Basic HTTP processor. Anything else is the document's error (SCXML 1.0, 6.2, C.1, C.2).
 */
import type { Payload, SendAction, Value } from '../document/model.js';
import { LimitError, ScriptError } from '../errors.js';
import { HTTP_PROCESSOR, SCXML_PROCESSOR } from '../processors.js';
import type { ScriptEngine } from '../script/script-engine.js';
import { parseDelayMs, type ScxmlEvent } from './event.js';
import { encodeHttpEvent } from './http-events.js';
import { evaluatePayload } from './payload.js';
import type { Session } from './session.js';

const SCXML_TYPES: readonly string[] = [SCXML_PROCESSOR, 'scxml', 'http://www.w3.org/TR/scxml/'];
const HTTP_TYPES: readonly string[] = [HTTP_PROCESSOR, 'basichttp'];

interface Message {
  readonly event: ScxmlEvent;
  readonly target: string | undefined;
  readonly isHttp: boolean;
  readonly payload: Payload;
  /** Also of a send without id that names no `idlocation`: for its error events. */
  readonly sendId: string | undefined;
}

interface PendingSend {
  readonly sendId: string | undefined;
  readonly stop: () => void;
}

export class Sender {
  readonly #session: Session;
  readonly #pending = new Set<PendingSend>();
  #ids = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  /** @throws ScriptError when an argument cannot be evaluated or the target makes no sense; LimitError */
  send(action: SendAction): void {
    const sendId = this.#sendId(action);
    let message: Message;
    let delayMs: number;
    try {
      message = this.#message(action, sendId);
      delayMs = this.#delayMs(action, message);
    } catch (error) {
      if (error instanceof ScriptError)
        throw new ScriptError(error.message, error.event, error.sendId ?? sendId);
      throw error;
    }
    if (delayMs > 0) this.#sendLater(message, delayMs);
    else this.#deliver(message);
  }

  /** Forgets delayed sends of that id. */
  cancel(sendId: string): void {
    for (const pending of this.#pending) if (pending.sendId === sendId) this.#drop(pending);
  }

  /** Nothing that waits is sent any more. */
  close(): void {
    for (const pending of this.#pending) this.#drop(pending);
  }

  #sendId({ id, idLocation, at }: SendAction): string | undefined {
    if (idLocation === undefined) return id;
    const made = `send.${this.#session.id}.${++this.#ids}`;
    this.#session.engine.assignJson(idLocation, JSON.stringify(made), at);
    return made;
  }

  #message(action: SendAction, sendId: string | undefined): Message {
    const session = this.#session;
    const { engine, family } = session;
    const name = action.event ? evaluateText(engine, action.event) : '';
    const type = action.type ? evaluateText(engine, action.type) : SCXML_PROCESSOR;
    const target = action.target ? evaluateText(engine, action.target) : undefined;
    const data = evaluatePayload(action.payload, session.payloadContext, action.at);
    const isHttp = HTTP_TYPES.includes(type) && family.host.httpLocation(session.id) !== null;
    if (!isHttp && !SCXML_TYPES.includes(type))
      throw new ScriptError(`events of type "${type}" cannot be sent`);
    if (isHttp && !target) throw new ScriptError('no target', 'error.communication');
    if (!isHttp && target && !target.startsWith('#_'))
      throw new ScriptError(`"${target}" is no target of the SCXML processor`);
    const event: ScxmlEvent = isHttp
      ? { name, type: 'external', data }
      : {
          name,
          type: 'external',
          data,
          sendId,
          origin: `#_scxml_${session.id}`,
          originType: SCXML_PROCESSOR,
        };
    return { event, target, isHttp, payload: action.payload, sendId };
  }

  #delayMs({ delay }: SendAction, { target }: Message): number {
    if (!delay) return 0;
    const text = evaluateText(this.#session.engine, delay);
    const delayMs = parseDelayMs(text);
    if (delayMs === null) throw new ScriptError(`"${text}" is no delay`);
    if (delayMs > 0 && target === '#_internal')
      throw new ScriptError('an event for #_internal cannot be delayed');
    // A timer that fires within the millisecond would be a loop without an end.
    return delayMs > 0 ? Math.max(1, Math.ceil(delayMs)) : 0;
  }

  #sendLater(message: Message, delayMs: number): void {
    const { family } = this.#session;
    const max = family.limits.timers;
    if (this.#pending.size >= max)
      throw new LimitError('SCXML_TOO_MANY_TIMERS', `more than ${max} delayed events`);
    const pending: PendingSend = {
      sendId: message.sendId,
      stop: family.host.clock.after(delayMs, () => {
        this.#pending.delete(pending);
        this.#deliverLate(message);
      }),
    };
    this.#pending.add(pending);
  }

  #deliverLate(message: Message): void {
    const session = this.#session;
    session.family.noteInput();
    session.family.contain(() => {
      try {
        this.#deliver(message);
      } catch (error) {
        if (!(error instanceof ScriptError)) throw error;
        session.raiseError(error);
      }
      session.family.wake(session);
    });
  }

  #deliver(message: Message): void {
    if (message.isHttp) return this.#post(message);
    const session = this.#session;
    const { target, event, sendId } = message;
    if (target === undefined || target === '' || target === `#_scxml_${session.id}`)
      return session.post(event);
    if (target === '#_internal')
      return session.raise({
        ...event,
        type: 'internal',
        origin: undefined,
        originType: undefined,
      });
    if (target === '#_parent') {
      const { parent } = session;
      if (parent) return parent.post({ ...event, invokeId: parent.invokeId });
    } else {
      const other = target.startsWith('#_scxml_')
        ? session.family.find(target.slice('#_scxml_'.length))
        : session.invocations.find(target.slice('#_'.length));
      if (other) return other.post(event);
    }
    throw new ScriptError(`"${target}" cannot be reached`, 'error.communication', sendId);
  }

  #post({ target = '', event, payload, sendId }: Message): void {
    const session = this.#session;
    const message = encodeHttpEvent(target, event, payload);
    void session.family.post(message).then((outcome) => {
      if (outcome.kind === 'failed')
        session.raiseLate(new ScriptError(outcome.why, 'error.communication', sendId));
    });
  }

  #drop(pending: PendingSend): void {
    pending.stop();
    this.#pending.delete(pending);
  }
}

/** @returns the value as text, numbers and the like included. @throws ScriptError */
export function evaluateText(engine: ScriptEngine, value: Value): string {
  if (value.kind === 'text') return value.text;
  const { code, at } = value.code;
  const json = engine.evaluate(code, at);
  if (json === undefined)
    throw new ScriptError(`${at.file}:${at.line}: ${code} has no value to use as text`);
  const parsed: unknown = JSON.parse(json);
  return typeof parsed === 'string' ? parsed : json;
}
