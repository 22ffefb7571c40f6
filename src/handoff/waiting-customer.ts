/**
 * A customer who waits for somebody: since when, and what they are told meanwhile. Announcements come
 * in the middle of the waiting treatment; an agent who answers cuts them short, so they delay nothing.
 */
import type { HandoffConfig } from '../config/config.js';
import type { Clock, Log, MediaEndpoint } from '../ports.js';
import { Announcer } from '../treatment/announcer.js';
import { spoken } from '../treatment/fragments.js';
import { resolveAll, type MediaFiles, type MediaPlaces } from '../treatment/media-file.js';
import type { TreatmentPlayer } from '../treatment/treatment-player.js';
import type { QueueStanding } from './queue-search.js';

const MINUTE_MS = 60_000;

export interface WaitingDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly files: MediaFiles;
}

export interface WaitingContext {
  readonly player: Pick<TreatmentPlayer, 'interject'>;
  readonly handoff: Pick<HandoffConfig, 'announcements' | 'numbers' | 'whisper'>;
  readonly places: MediaPlaces;
  endpoint(): MediaEndpoint | undefined;
  /** How the customer stands now; undefined: nothing is known, or nobody is waited for. */
  standing(): QueueStanding | undefined;
}

export class WaitingCustomer {
  /** Since when the customer waits. */
  readonly sinceMs: number;
  readonly #announcer: Announcer | undefined;

  constructor(
    private readonly deps: WaitingDeps,
    private readonly context: WaitingContext,
  ) {
    this.sinceMs = deps.clock.nowMs();
    const { position, expectedWait, everyMs } = context.handoff.announcements;
    if (position.length + expectedWait.length > 0) {
      this.#announcer = new Announcer(deps.clock, everyMs, () => this.#announce());
    }
  }

  /** No announcement begins any more. */
  stop(): void {
    this.#announcer?.stop();
  }

  /** What an agent is told of this customer, as paths; empty when it cannot be said. */
  async whisper(): Promise<readonly string[]> {
    const { handoff } = this.context;
    const waitedMs = this.deps.clock.nowMs() - this.sinceMs;
    const minutes = Math.max(1, Math.round(waitedMs / MINUTE_MS));
    return this.#pathsOf(spoken(handoff.whisper, { minutes }, handoff.numbers));
  }

  async #announce(): Promise<void> {
    // The call has gone; the next one is another wait.
    if (!this.context.endpoint()) return this.stop();
    const { handoff, player } = this.context;
    const { position, expectedWaitMs } = this.context.standing() ?? {};
    const minutes =
      expectedWaitMs === undefined ? undefined : Math.max(1, Math.ceil(expectedWaitMs / MINUTE_MS));
    const { announcements, numbers } = handoff;
    const sentences = [
      ...(spoken(announcements.position, { position }, numbers) ?? []),
      ...(spoken(announcements.expectedWait, { minutes }, numbers) ?? []),
    ];
    const paths = await this.#pathsOf(sentences);
    const endpoint = this.context.endpoint();
    // The customer may have been connected while the files were looked up.
    if (paths.length === 0 || !endpoint || this.context.standing() === undefined) return;
    await player.interject(endpoint, paths).catch((error: unknown) => {
      this.deps.log.warn({ why: String(error) }, 'not said');
    });
  }

  async #pathsOf(files: readonly string[] | undefined): Promise<readonly string[]> {
    if (files === undefined || files.length === 0) return [];
    try {
      const paths = await resolveAll(files, this.context.places, this.deps.files);
      if (!('code' in paths)) return paths;
      this.deps.log.warn({ code: paths.code, why: paths.why }, 'not said');
    } catch (error) {
      this.deps.log.warn({ why: String(error) }, 'not said');
    }
    return [];
  }
}
