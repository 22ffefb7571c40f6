/** What is due, by service: what the scheduler shares its room by. */

/** What to claim of. */
export interface ClaimOf {
  readonly serviceName: string;
  /** Not what was due before. */
  readonly dueFromMs?: number | undefined;
}

export interface DueService {
  readonly serviceName: string;
  readonly dueAtMs: number;
}
