import assert from 'node:assert/strict';
import { runScript, type Stage } from '../../src/farend/script-runner.js';
import type { ScriptStep } from '../../src/farend/persona-script.js';

/** A stage whose time passes only while somebody waits. */
class PaperStage implements Stage {
  readonly notes: string[] = [];
  isOver = false;
  #nowMs = 0;

  constructor(
    private readonly voiceMs: readonly (readonly [from: number, to: number])[] = [],
    private readonly overAtMs = Infinity,
  ) {}

  get hearsVoice(): boolean {
    return this.voiceMs.some(([from, to]) => this.#nowMs >= from && this.#nowMs < to);
  }

  nowMs(): number {
    return this.#nowMs;
  }

  async pause(ms: number): Promise<void> {
    this.#nowMs = Math.min(this.#nowMs + ms, this.overAtMs);
    if (this.#nowMs >= this.overAtMs) this.isOver = true;
  }

  ring(): void {
    this.#note('ring');
  }

  press(keys: string): void {
    this.#note(`press ${keys}`);
  }

  startEarlyMedia(): void {
    this.#note('early media');
  }

  async answer(): Promise<void> {
    this.#note('answer');
  }

  reject(): void {
    this.#end('reject');
  }

  async say(): Promise<void> {
    this.#note('say');
    await this.pause(500);
  }

  async refer(to: string): Promise<void> {
    this.#note(`refer ${to}`);
  }

  hangUp(): void {
    this.#end('hang up');
  }

  vanish(): void {
    this.#end('vanish');
  }

  #end(what: string): void {
    this.#note(what);
    this.isOver = true;
  }

  #note(what: string): void {
    this.notes.push(`${this.#nowMs} ${what}`);
  }
}

const SAY: ScriptStep = { step: 'say', what: { file: 'x.wav' } };
const HANG_UP: ScriptStep = { step: 'hang-up' };

describe('script runner', () => {
  it('does one step after another', async () => {
    const stage = new PaperStage();
    await runScript(
      {
        steps: [
          { step: 'ring', ms: 300 },
          { step: 'answer' },
          { step: 'wait', ms: 50 },
          SAY,
          HANG_UP,
        ],
      },
      stage,
    );
    assert.deepEqual(stage.notes, ['0 ring', '300 answer', '350 say', '850 hang up']);
  });

  it('presses keys', async () => {
    const stage = new PaperStage();
    await runScript({ steps: [{ step: 'answer' }, { step: 'press', keys: '12#' }] }, stage);
    assert.deepEqual(stage.notes, ['0 answer', '0 press 12#']);
  });

  it('does nothing more once the call is over', async () => {
    const stage = new PaperStage([], 200);
    await runScript({ steps: [{ step: 'ring', ms: 300 }, { step: 'answer' }, SAY] }, stage);
    assert.deepEqual(stage.notes, ['0 ring']);
  });

  it('repeats until the call is over, even when the steps take no time', async () => {
    const stage = new PaperStage([], 5000);
    await runScript({ steps: [{ step: 'repeat', steps: [SAY] }] }, stage);
    assert.equal(stage.notes.length, 10);
    const hot = new PaperStage([], 1000);
    await runScript({ steps: [{ step: 'repeat', steps: [] }] }, hot);
    assert.ok(hot.isOver);
  });

  it('waits until it hears something, but not for ever', async () => {
    const stage = new PaperStage([[1000, 2000]]);
    await runScript({ steps: [{ step: 'hear', maxMs: 5000 }, HANG_UP] }, stage);
    assert.deepEqual(stage.notes, ['1000 hang up']);
    const deaf = new PaperStage();
    await runScript({ steps: [{ step: 'hear', maxMs: 5000 }, HANG_UP] }, deaf);
    assert.deepEqual(deaf.notes, ['5000 hang up']);
  });

  it('listens until it has been quiet for long enough', async () => {
    const listen: ScriptStep = { step: 'listen', quietMs: 400, maxMs: 3000 };
    const message = new PaperStage([
      [100, 900],
      [1200, 1800],
    ]);
    await runScript({ steps: [listen, HANG_UP] }, message);
    assert.deepEqual(message.notes, ['2180 hang up']);
    const quiet = new PaperStage();
    await runScript({ steps: [listen, HANG_UP] }, quiet);
    assert.deepEqual(quiet.notes, ['400 hang up']);
    const endless = new PaperStage([[0, Infinity]]);
    await runScript({ steps: [listen, HANG_UP] }, endless);
    assert.deepEqual(endless.notes, ['3000 hang up']);
  });
});
