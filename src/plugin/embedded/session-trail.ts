/**
 * What a session does, in lines for people: states entered, events, requests, log lines. The address of
 * the reply is a secret and is blotted out; a page that never stops talking is cut short.
 */
import type { LogEntry, StepEntry } from '../scxml/session/host.js';
import type { Asked } from './asked.js';

const LINES_MAX = 250;
const DETAIL_MAX = 200;

export class SessionTrail {
  readonly #write: (what: string, detail?: string) => void;
  readonly #secret: string | undefined;
  #lines = 0;

  constructor(write: (what: string, detail?: string) => void, secret: string | undefined) {
    this.#write = write;
    this.#secret = secret;
  }

  /** @param what a word of ours: `state`, `event`, `asked`, `log`, `error`, `ended` */
  line(what: string, detail: string): void {
    this.#lines++;
    if (this.#lines > LINES_MAX) return;
    if (this.#lines === LINES_MAX) return this.#write('log', 'further lines are dropped');
    const text =
      this.#secret === undefined ? detail : detail.replaceAll(this.#secret, '(reply url)');
    this.#write(what, text.slice(0, DETAIL_MAX));
  }

  step({ event, exited, entered }: StepEntry): void {
    const why = event === null ? '' : ` on ${event}`;
    const left = exited.length === 0 ? '' : `${exited.join(' ')} `;
    if (exited.length + entered.length > 0)
      this.line('state', `${left}-> ${entered.join(' ')}${why}`);
    else this.line('event', event ?? 'none');
  }

  asked(asked: Asked): void {
    const members = Object.entries({ ...asked.attributes, ...asked.params });
    const text = members.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' ');
    this.line('asked', `${asked.name} ${text}`.trimEnd());
  }

  log({ label, value }: LogEntry): void {
    this.line('log', [label, value].filter((part) => part !== undefined).join(': '));
  }
}
