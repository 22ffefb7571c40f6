/** Services of which nothing is dialled for the time being. */

/** Every service, where the name of one may stand. */
export const ALL_SERVICES = '*';

export interface PauseStore {
  /** Names of paused services; `*` is every service. */
  paused(): Promise<string[]>;
  /**
   * Pauses a service or, with `*`, all of them: what is due of it becomes PAUSED and nothing is claimed
   * or dialled, until it is resumed; also after a restart.
   */
  setPaused(serviceName: string, isPaused: boolean, nowMs: number): Promise<void>;
}
