/** What a session writes, kept in a list; refusals on demand. */
import type { TrailEntry } from '../../src/report/trail.js';
import type { Change, CommitOptions, CommitResult } from '../../src/schedule/callback-store.js';

export interface Commit {
  readonly id: string;
  readonly change: Change;
  readonly durable: boolean;
}

export class FakeStore {
  readonly commits: Commit[] = [];
  /** Answers to the next commits before an INVITE, first one first. */
  readonly refusals: (Exclude<CommitResult, { ok: true }> | Error)[] = [];
  /** Every write fails with this while it is set. */
  broken: Error | undefined;

  commit(id: string, change: Change, { durable }: CommitOptions): Promise<CommitResult> {
    if (this.broken) return Promise.reject(this.broken);
    const isInvite = change.dialLock === 'take' || change.attempt?.tries !== undefined;
    const refusal = isInvite ? this.refusals.shift() : undefined;
    if (refusal instanceof Error) return Promise.reject(refusal);
    if (refusal) return Promise.resolve(refusal);
    this.commits.push({ id, change, durable });
    return Promise.resolve({ ok: true });
  }

  /** Lines of the trail, `leg what` or `leg direction message`. */
  get trail(): string[] {
    return this.commits.flatMap(({ change }) => change.trail ?? []).map(lineOf);
  }

  /** Row ids in the order of the journal. */
  get rows(): string[] {
    return this.commits.flatMap(({ change }) => (change.step ? [change.step.row] : []));
  }
}

function lineOf(entry: TrailEntry): string {
  const words =
    entry.kind === 'sip' ? [entry.direction, entry.message] : [entry.what, entry.detail];
  return [entry.leg, ...words].join(' ').trim();
}
