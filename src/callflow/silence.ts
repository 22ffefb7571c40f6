/** Who hears nothing and should: the question behind the silence guard. */

import type { Context, LegContext, StateName } from './vocabulary.js';

/** Is a person on the line for whom nothing plays, and nobody can be heard? */
export function hearsNothing({ leg, playing, queued }: Context, name: StateName): boolean {
  if (leg?.isUp !== true || !isForHuman(leg, name)) return false;
  return playing === undefined && queued?.media !== 'passed' && name !== 'connected';
}

/** A machine may hear silence; whoever waits for an agent may not, whatever the verdict was. */
function isForHuman(leg: LegContext, name: StateName): boolean {
  if (leg.answeredBy === 'human') return true;
  return name === 'waiting-for-agent' || name === 'treating-customer' || name === 'routing';
}
