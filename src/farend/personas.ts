/**
 * Who may pick up: every persona in one table, as data. A new kind of answer seen on a real trunk
 * becomes one entry here.
 *
 * `concludes` is what a careful caller should make of it; `dialback farend --help` and the tests
 * print and check these very words.
 */
import type { PersonaScript, Rejection, ScriptStep, Utterance } from './persona-script.js';
import { BEEP, BUSY, CED, REORDER, SIT, type Tone } from './tones.js';

/** How fast a persona lives, all in milliseconds. */
export interface Tempo {
  readonly ringMs: number;
  readonly machineRingMs: number;
  readonly agentRingMs: number;
  /** From answer to the first word. */
  readonly helloAfterMs: number;
  readonly helloEveryMs: number;
  /** From the end of a greeting to its beep. */
  readonly beepAfterMs: number;
  /** A voicemail that hears nothing for so long hangs up. */
  readonly quietMaxMs: number;
  readonly messageMaxMs: number;
  /** How long a tone or a silent party lasts before the network or the party gives up. */
  readonly giveUpMs: number;
  readonly conversationMs: number;
  readonly queueMs: number;
  /** From hearing a treatment to hanging up on it. */
  readonly hangUpAfterMs: number;
}

export const DEFAULT_TEMPO: Tempo = {
  ringMs: 300,
  machineRingMs: 600,
  agentRingMs: 200,
  helloAfterMs: 250,
  helloEveryMs: 4000,
  beepAfterMs: 300,
  quietMaxMs: 4000,
  messageMaxMs: 20_000,
  giveUpMs: 15_000,
  conversationMs: 4000,
  queueMs: 1500,
  hangUpAfterMs: 700,
};

export interface Persona {
  readonly does: string;
  readonly concludes: string;
  readonly script: (tempo: Tempo) => PersonaScript;
}

const HELLO: Utterance = { file: 'far-end/hello.wav' };
const GREETING: Utterance = { file: 'far-end/greeting.wav' };
const AGENT: Utterance = { file: 'far-end/agent.wav' };
const ANSWER: ScriptStep = { step: 'answer' };
const HANG_UP: ScriptStep = { step: 'hang-up' };

const ring = (ms: number): ScriptStep => ({ step: 'ring', ms });
const wait = (ms: number): ScriptStep => ({ step: 'wait', ms });
const say = (what: Utterance): ScriptStep => ({ step: 'say', what });

const steps = (...list: readonly ScriptStep[]): PersonaScript => ({ steps: list });

/** RFC 3326: the ISDN cause behind a SIP status. */
function reject(status: number, q850Cause?: number, text = ''): ScriptStep {
  const value = `Q.850;cause=${q850Cause}${text ? `;text="${text}"` : ''}`;
  const headers = q850Cause === undefined ? [] : [['Reason', value] as const];
  return rejectWith({ status, headers });
}

const rejectWith = (rejection: Rejection): ScriptStep => ({ step: 'reject', rejection });

/** Rings, picks up and says hello. */
function pickUp(tempo: Tempo): readonly ScriptStep[] {
  return [ring(tempo.ringMs), ANSWER, wait(tempo.helloAfterMs), say(HELLO)];
}

function machine(tempo: Tempo, ...afterGreeting: readonly ScriptStep[]): PersonaScript {
  return steps(
    ring(tempo.machineRingMs),
    ANSWER,
    wait(tempo.helloAfterMs),
    say(GREETING),
    ...afterGreeting,
    { step: 'listen', quietMs: tempo.quietMaxMs, maxMs: tempo.messageMaxMs },
    HANG_UP,
  );
}

function agent(tempo: Tempo): readonly ScriptStep[] {
  return [ANSWER, wait(tempo.helloAfterMs), say(AGENT), wait(tempo.conversationMs), HANG_UP];
}

/** The network answers for the party: special information tone, twice, then a failure. */
function informationTone(tone: Tone, rejection: ScriptStep): Persona['script'] {
  return () => steps({ step: 'early-media' }, say({ tone }), say({ tone }), rejection);
}

/** A tone from the network until the caller, or the network, has enough. */
function endlessTone(tone: Tone, giveUpMs: number, rejection: ScriptStep): PersonaScript {
  const onceMs = tone.segments.reduce((sum, segment) => sum + segment.ms, 0);
  const count = Math.max(1, Math.ceil(giveUpMs / onceMs));
  const tones = Array.from({ length: count }, () => say({ tone }));
  return steps({ step: 'early-media' }, ...tones, rejection);
}

/** RFC 3261 section 21.5.4: Retry-After is in seconds. */
const UNREACHABLE: Rejection = { status: 503, headers: [['Retry-After', '30']] };

export const PERSONAS = {
  human: {
    does: 'rings, answers, says hello and again every few seconds, until the caller hangs up',
    concludes: 'human',
    script: (tempo) =>
      steps(...pickUp(tempo), {
        step: 'repeat',
        steps: [wait(tempo.helloEveryMs), say(HELLO)],
      }),
  },
  'voicemail-beep': {
    does: 'answers with a greeting, beeps, records, hangs up when it hears nothing more',
    concludes: 'machine, with a beep',
    script: (tempo) => machine(tempo, wait(tempo.beepAfterMs), say({ tone: BEEP })),
  },
  'voicemail-no-beep': {
    does: 'answers with a greeting and records without a beep',
    concludes: 'machine, without a beep',
    script: (tempo) => machine(tempo),
  },
  fax: {
    does: 'answers with the 2100 Hz answer tone of a fax machine',
    concludes: 'fax',
    script: (tempo) =>
      steps(
        ring(tempo.ringMs),
        ANSWER,
        wait(tempo.helloAfterMs),
        say({ tone: CED }),
        wait(tempo.conversationMs),
        HANG_UP,
      ),
  },
  busy: {
    does: 'refuses with 486',
    concludes: 'busy',
    script: () => steps(reject(486, 17, 'User busy')),
  },
  'busy-tone': {
    does: 'lets a busy tone be heard as early media, 486 in the end',
    concludes: 'busy',
    script: (tempo) => endlessTone(BUSY, tempo.giveUpMs, reject(486, 17)),
  },
  reorder: {
    does: 'lets a fast busy tone be heard as early media, 503 in the end',
    concludes: 'reorder',
    script: (tempo) => endlessTone(REORDER, tempo.giveUpMs, reject(503, 42)),
  },
  'no-answer': {
    does: 'rings until the caller gives up',
    concludes: 'no answer',
    script: () => steps(ring(Infinity)),
  },
  declined: {
    does: 'rings, then refuses with 603',
    concludes: 'declined, handled like no answer',
    script: (tempo) => steps(ring(tempo.ringMs), reject(603, 21)),
  },
  sit: {
    does: 'special information tone as early media, then 404',
    concludes: 'special information tone',
    script: informationTone(SIT.generic, reject(404, 1)),
  },
  'sit-vacant': {
    does: 'special information tone (vacant code) as early media, then 404',
    concludes: 'special information tone: the number does not exist',
    script: informationTone(SIT.vacant, reject(404, 1)),
  },
  'sit-intercept': {
    does: 'special information tone (intercept) as early media, then 410',
    concludes: 'special information tone: the number has changed',
    script: informationTone(SIT.intercept, reject(410, 22)),
  },
  'sit-no-circuit': {
    does: 'special information tone (no circuit) as early media, then 503',
    concludes: 'special information tone: try again later',
    script: informationTone(SIT.noCircuit, reject(503, 34)),
  },
  'sit-reorder': {
    does: 'special information tone (reorder) as early media, then 503',
    concludes: 'special information tone: try again',
    script: informationTone(SIT.reorder, reject(503, 42)),
  },
  'invalid-number': {
    does: 'refuses with 484',
    concludes: 'the number is incomplete',
    script: () => steps(reject(484, 28)),
  },
  silent: {
    does: 'answers and says nothing',
    concludes: 'silence',
    script: (tempo) => steps(ring(tempo.ringMs), ANSWER, wait(tempo.giveUpMs), HANG_UP),
  },
  'late-cancel': {
    does: 'rings, and answers the very moment it is cancelled',
    concludes: 'cancelled; the answer that crossed it is ended with BYE',
    script: () => ({ steps: [ring(Infinity)], onCancel: 'answer' }),
  },
  'hangs-up-during-treatment': {
    does: 'a human who hangs up shortly after the treatment begins',
    concludes: 'human, who hung up',
    script: (tempo) =>
      steps(
        ...pickUp(tempo),
        { step: 'hear', maxMs: tempo.giveUpMs },
        wait(tempo.hangUpAfterMs),
        HANG_UP,
      ),
  },
  'hangs-up-at-once': {
    does: 'answers and hangs up without a word',
    concludes: 'hung up',
    script: (tempo) => steps(ring(tempo.ringMs), ANSWER, HANG_UP),
  },
  unreachable: {
    does: 'refuses with 503 and Retry-After',
    concludes: 'error: try again, not before the time given',
    script: () => steps(rejectWith(UNREACHABLE)),
  },
  agent: {
    does: 'answers as an agent, talks for a while, hangs up',
    concludes: 'the agent takes the call',
    script: (tempo) => steps(ring(tempo.agentRingMs), ...agent(tempo)),
  },
  'agent-busy': {
    does: 'refuses with 486 as an agent',
    concludes: 'this agent is busy: the next one',
    script: () => steps(reject(486, 17, 'User busy')),
  },
  'agent-no-answer': {
    does: 'rings at an agent who is away',
    concludes: 'this agent does not answer: the next one, or no agent was found',
    script: () => steps(ring(Infinity)),
  },
  'route-point': {
    does: 'a route point of a contact centre: rings for a while, then like agent',
    concludes: 'the destination takes the call',
    script: (tempo) => steps(ring(tempo.queueMs), ...agent(tempo)),
  },
  queue: {
    does: 'an agent queue: rings for a while, then like agent',
    concludes: 'the agent takes the call after a wait',
    script: (tempo) => steps(ring(tempo.queueMs), ...agent(tempo)),
  },
} as const satisfies Record<string, Persona>;

export type PersonaName = keyof typeof PERSONAS;

export const PERSONA_NAMES = Object.keys(PERSONAS) as readonly PersonaName[];

export function isPersonaName(name: string): name is PersonaName {
  return Object.hasOwn(PERSONAS, name);
}

/** @param tempo what differs from the default */
export function personaScript(name: PersonaName, tempo: Partial<Tempo> = {}): PersonaScript {
  return PERSONAS[name].script({ ...DEFAULT_TEMPO, ...tempo });
}
