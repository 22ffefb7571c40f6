/**
 * What the decision table says about one role on one service: the outcome, and what the far end has to
 * hear. The table knows no durations and no disks; what follows from those is added here: a file that
 * cannot be played is off, a wait shorter than the agent needs is in vain.
 */
import { basename } from 'node:path';
import { callStateOfAnswer, type AnswerWord } from '../callflow/call-state.js';
import type { OptionalTreatment, ServiceOptions } from '../callflow/service-options.js';
import { parseReply, type PluginReply } from '../callflow/plugin-reply.js';
import { predict, type HeardTreatment, type Prediction, type World } from '../callflow/walk.js';
import type { Role } from './cast.js';
import type { SoundShelf } from './sounds.js';

export interface Expectation {
  readonly callState: number;
  readonly attempts: number;
  readonly state: string;
  readonly reason: string | undefined;
  /** File names in the order in which they are to be heard, all attempts; `comfort.wav` left out. */
  readonly treatments: readonly string[];
  readonly isHandedOff: boolean;
}

export interface Circumstances {
  readonly shelf: SoundShelf;
  /** undefined: nobody answers in this service's queue. */
  readonly agentAnswersAfterMs: number | undefined;
  /** The plugin's reply is to route there; undefined: nobody replies. */
  readonly pluginRoutesTo?: string | undefined;
  /** What a plugin or page of the configuration's own replied: what it decides is its own affair. */
  readonly replied?: PluginReply | undefined;
  /** A silence was broken on this call: that, too, is a sound to hang up on. */
  readonly comfortWasHeard: boolean;
}

export async function expectationOf(
  role: Role,
  given: ServiceOptions,
  { shelf, agentAnswersAfterMs, comfortWasHeard, pluginRoutesTo, replied }: Circumstances,
): Promise<Expectation> {
  const options = await withoutUnplayable(given, shelf);
  const answer = answerOf(role, options);
  const { agentWaitMaxMs } = options;
  const agentAnswers =
    agentAnswersAfterMs !== undefined &&
    (agentWaitMaxMs === 0 || agentWaitMaxMs > agentAnswersAfterMs);
  const world = { agentAnswers, ...holderIn(pluginRoutesTo, replied) };
  const stays = predict(options, [answer], world);
  // Who leaves at the first sound stays where there is none.
  const isSoundHeard = comfortWasHeard || (await heardIn(stays, shelf)).length > 0;
  const leaves = role.leavesDuringTreatment === true && isSoundHeard;
  const isGoneAtOnce = role.answer === 'hung-up' && answer === 'human';
  const prediction =
    leaves || isGoneAtOnce
      ? predict(options, [answer], { ...world, leavesDuringTreatment: true })
      : stays;
  const heard = isGoneAtOnce ? [] : await heardIn(prediction, shelf);
  return {
    callState: callStateOfAnswer(answer),
    attempts: prediction.attempts,
    state: prediction.state,
    reason: prediction.reason,
    treatments: namesOf(await withoutUnreached(heard, options, shelf)),
    isHandedOff: prediction.reason === 'AGENT_CONNECTED' || prediction.reason === 'ROUTED_TO_RP',
  };
}

function holderIn(routesTo: string | undefined, replied: PluginReply | undefined): Partial<World> {
  if (replied) return { reply: replied };
  if (routesTo === undefined) return { holderFails: 'not built' };
  const parsed = parseReply({ action: 'route_to_rp', message: routesTo });
  return parsed.ok ? { reply: parsed.reply } : { holderFails: 'no reply' };
}

/** Without call progress detection whoever answers is a person, and early media says nothing. */
function answerOf({ answer }: Role, { isCpdEnabled }: ServiceOptions): AnswerWord {
  if (isCpdEnabled) return answer;
  switch (answer) {
    case 'machine':
    case 'fax':
    case 'silence':
    case 'hung-up':
      return 'human';
    case 'sit':
      return 'sit-invalid-number'; // The far end's 404 is all that is left of it.
    default:
      return answer;
  }
}

async function withoutUnplayable(
  options: ServiceOptions,
  shelf: SoundShelf,
): Promise<ServiceOptions> {
  const playable = async (treatment: OptionalTreatment) =>
    treatment && (await shelf.samples(treatment.file)) ? treatment : undefined;
  return {
    ...options,
    customerConnectTreatment: await playable(options.customerConnectTreatment),
    waitingForAgentTreatment: await playable(options.waitingForAgentTreatment),
    findAgentFailTreatment: await playable(options.findAgentFailTreatment),
    answeringMachineTreatment: await playable(options.answeringMachineTreatment),
    pluginComfort: await playable(options.pluginComfort),
    pluginTimeoutTreatment: await playable(options.pluginTimeoutTreatment),
  };
}

async function heardIn({ heard }: Prediction, shelf: SoundShelf): Promise<HeardTreatment[]> {
  const audible: HeardTreatment[] = [];
  for (const one of heard) {
    const isOurs = one.treatment !== 'comfort' && one.file !== undefined;
    if (isOurs && (await shelf.isAudible(one.file))) audible.push(one);
  }
  return audible;
}

/** The wait can be over before the connect treatment is: then no waiting music is heard. */
async function withoutUnreached(
  heard: readonly HeardTreatment[],
  options: ServiceOptions,
  shelf: SoundShelf,
): Promise<readonly HeardTreatment[]> {
  const { agentWaitMaxMs, customerConnectTreatment } = options;
  if (agentWaitMaxMs === 0 || !customerConnectTreatment) return heard;
  const connectMs = await shelf.durationMs(customerConnectTreatment.file);
  if (agentWaitMaxMs > connectMs) return heard;
  return heard.filter(({ treatment }) => treatment !== 'waiting-for-agent');
}

/** One file played twice in a row on one call is heard as one. */
function namesOf(heard: readonly HeardTreatment[]): string[] {
  const isNew = ({ file, attempt }: HeardTreatment, i: number) => {
    const before = heard[i - 1];
    return before?.file !== file || before?.attempt !== attempt;
  };
  return heard.filter(isNew).map(({ file }) => basename(file ?? ''));
}
