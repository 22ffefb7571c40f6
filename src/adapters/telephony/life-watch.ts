/**
 * Asks a server now and again whether it is alive. A stopped process keeps its sockets open and a
 * starved one answers late, so there are two judgements: silent for a moment, it gets no new work;
 * silent for long, it is lost with everything on it.
 */
import type { Clock } from '../../ports.js';
import type { Deadlines } from './deadlines.js';

export interface WatchOptions {
  readonly clock: Clock;
  readonly deadlines: Pick<Deadlines, 'pingMs' | 'suspectMs' | 'lostMs'>;
  /** Resolves when the server has answered; rejects when it cannot be asked. */
  ask(): Promise<void>;
  /** It does not answer just now, or answers again. */
  onSilence(isSilent: boolean): void;
  /** Called once; nothing is asked afterwards. */
  onDead(): void;
}

export class LifeWatch {
  #isSilent = false;
  #isOver = false;
  #cancel: () => void = () => undefined;

  constructor(private readonly options: WatchOptions) {}

  get isSilent(): boolean {
    return this.#isSilent;
  }

  start(): void {
    if (this.#isOver) return;
    this.#cancel = this.options.clock.after(this.options.deadlines.pingMs, () => this.#ask());
  }

  stop(): void {
    this.#isOver = true;
    this.#cancel();
  }

  #ask(): void {
    const { clock, deadlines } = this.options;
    const timers = [
      clock.after(deadlines.suspectMs, () => this.#setSilent(true)),
      clock.after(deadlines.lostMs, () => this.#die()),
    ];
    this.#cancel = () => {
      for (const cancel of timers) cancel();
    };
    this.options.ask().then(
      () => {
        if (this.#isOver) return;
        this.#cancel();
        this.#setSilent(false);
        this.start();
      },
      () => this.#die(),
    );
  }

  #setSilent(isSilent: boolean): void {
    if (this.#isSilent === isSilent) return;
    this.#isSilent = isSilent;
    this.options.onSilence(isSilent);
  }

  #die(): void {
    if (this.#isOver) return;
    this.stop();
    this.options.onDead();
  }
}
