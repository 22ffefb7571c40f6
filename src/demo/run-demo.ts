/**
 * The demo: a far end with every persona, the service itself, one callback per persona, all at once,
 * over real SIP and RTP on loopback. At the end the wire is compared with the decision table: what
 * the table predicts, and what the far ends heard.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../adapters/clock/system-clock.js';
import { createSecureFetcher } from '../adapters/fetch/secure-fetcher.js';
import { createMediaFiles } from '../adapters/media/media-files.js';
import type { PluginReply } from '../callflow/plugin-reply.js';
import type { DialbackConfig } from '../config/config.js';
import type { StoryDocument } from '../request/own-routes.js';
import { startFarEnd, type FarEnd } from '../farend/far-end.js';
import type { HeardCall } from '../farend/heard-call.js';
import { startDialback, type Dialback } from '../main.js';
import type { Log } from '../ports.js';
import { CAST, type Role } from './cast.js';
import { expectationOf } from './expectation.js';
import { COMFORT, listen } from './hearing.js';
import { SoundShelf } from './sounds.js';
import { startDemoPlugin } from './demo-plugin.js';
import { hasAgent, otherSide, pluginDestination, setStage } from './stage.js';

/** Longest the whole demo may take; two attempts of everything need about half of it. */
const DEADLINE_MS = 120_000;
const POLL_MS = 200;
/** Waiting music is heard for this long before an agent answers. */
const WAITING_HEARD_MS = 1800;
const DRAIN_MS = 2000;
const CONVERSATION_MS = 5000;
/** Numbers that Ofcom reserves for fiction: 07700 900000 to 900999. */
const FIRST_NUMBER = 447_700_900_000;

export interface Part {
  readonly role: Role;
  readonly service: string;
  readonly number: string;
}

export interface DemoRow {
  readonly persona: string;
  readonly service: string;
  readonly callState: number | undefined;
  readonly attempts: number;
  readonly state: string;
  readonly reason: string | undefined;
  readonly treatmentsHeard: readonly string[];
  /** How long each of them was heard. */
  readonly treatmentMs: readonly number[];
  /** From the search for somebody to the connection, or to the end without one. */
  readonly waitMs: number | undefined;
  readonly talkMs: number | undefined;
  /** Both sides heard each other; undefined when no hand-off was to happen. */
  readonly handOffHeard: boolean | undefined;
  /** What differs from the decision table, in words; empty = nothing. */
  readonly differences: readonly string[];
}

export interface DemoStory {
  onStep(part: Part, step: { readonly row: string; readonly state: string }): void;
  onTrouble(message: string): void;
}

/** What the API says of a callback, as far as it is compared. */
interface Outcome {
  readonly callState?: number;
  readonly attemptCount: number;
  readonly state: string;
  readonly reason?: string;
  /** Of the last attempt. */
  readonly waitMs?: number;
  readonly talkMs?: number;
}

interface CallbackDocument {
  readonly callback: Outcome;
  readonly attempts: readonly Pick<Outcome, 'waitMs' | 'talkMs'>[];
}

/**
 * @param interrupted when it settles, the demo ends early and gives everything back
 * @returns a row per callback; none when interrupted
 */
export async function runDemo(
  given: DialbackConfig,
  parts: readonly Part[],
  story: DemoStory,
  interrupted: Promise<void> = new Promise(() => {}),
): Promise<DemoRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dialback-demo-'));
  const { packagedDirectory } = given.media;
  const shelf = shelfOf(given);
  const agentAnswersAfterMs = (await longestConnectMs(given, shelf)) + WAITING_HEARD_MS;
  const farEnd = await startFarEnd({
    host: '127.0.0.1',
    mediaDirectory: packagedDirectory,
    rules: (user) =>
      parts.find(({ number }) => isDialled(user, number))?.role.persona ??
      otherSide(`sip:${user}@far-end`),
    tempo: {
      queueMs: agentAnswersAfterMs,
      agentRingMs: agentAnswersAfterMs,
      conversationMs: CONVERSATION_MS,
      helloEveryMs: 2500,
      giveUpMs: agentAnswersAfterMs + 2 * CONVERSATION_MS,
    },
  });
  const plugin = await startDemoPlugin();
  let dialback: Dialback | undefined;
  try {
    const storePath = join(folder, 'dialback.db');
    const config = setStage(given, {
      farEnd,
      storePath,
      agentAnswersAfterMs,
      pluginOrigin: plugin.origin,
    });
    const roll = new Roll(story);
    dialback = await startDialback(config, logOf(story, roll));
    const { url } = dialback;
    const accepted = await Promise.all(
      parts.map(async (part) => {
        const id = await request(url, part);
        roll.introduce(id, part);
        return { id, part };
      }),
    );
    const records = await Promise.race([untilCompleted(url, accepted), interrupted]);
    if (!records) return [];
    const replies = await repliesTo(url, accepted);
    await dialback.stop(DRAIN_MS);
    dialback = undefined;
    const rows: DemoRow[] = [];
    for (const { id, part } of accepted) {
      rows.push(
        await compare(
          { config, given, shelf, agentAnswersAfterMs },
          part,
          records.get(id),
          callsOf(farEnd, part, id),
          replies.get(id),
        ),
      );
    }
    return rows;
  } finally {
    await dialback?.stop(0);
    plugin.close();
    await farEnd.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every role on every one of these services, each with a number of its own. */
export function castParts(services: readonly string[]): Part[] {
  return services.flatMap((service, s) =>
    CAST.map((role, r) => ({
      role,
      service,
      number: String(FIRST_NUMBER + s * CAST.length + r),
    })),
  );
}

function shelfOf({ media, allowedOrigins, allowedAddresses }: DialbackConfig): SoundShelf {
  const cacheDirectory = join(tmpdir(), 'dialback-media');
  const fetcher = createSecureFetcher({
    allowedOrigins: new Set(allowedOrigins),
    allowedAddresses: () => allowedAddresses,
  });
  return new SoundShelf(media, createMediaFiles({ cacheDirectory, fetcher }));
}

async function longestConnectMs({ services }: DialbackConfig, shelf: SoundShelf): Promise<number> {
  let longest = 0;
  for (const { options } of Object.values(services)) {
    const file = options.customerConnectTreatment?.file;
    if (file !== undefined) longest = Math.max(longest, await shelf.durationMs(file));
  }
  return longest;
}

async function request(url: string, { service, number }: Part): Promise<string> {
  const response = await fetch(`${url}/genesys/1/service/callback/${encodeURIComponent(service)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ _customer_number: `+${number}` }),
  });
  const body = (await response.json()) as { _id?: string; message?: string };
  if (body._id === undefined) throw new Error(`CBD_DEMO: ${service}: ${body.message ?? 'refused'}`);
  return body._id;
}

async function untilCompleted(url: string, accepted: readonly { id: string }[]) {
  const clock = systemClock();
  const records = new Map<string, Outcome>();
  const untilMs = clock.nowMs() + DEADLINE_MS;
  while (clock.nowMs() < untilMs) {
    for (const { id } of accepted) {
      if (records.get(id)?.state === 'COMPLETED') continue;
      const response = await fetch(`${url}/v1/callbacks/${id}`);
      const { callback, attempts } = (await response.json()) as CallbackDocument;
      const { waitMs, talkMs } = attempts.at(-1) ?? {};
      records.set(id, { ...callback, ...(waitMs && { waitMs }), ...(talkMs && { talkMs }) });
    }
    if (accepted.every(({ id }) => records.get(id)?.state === 'COMPLETED')) break;
    await new Promise<void>((resolve) => clock.after(POLL_MS, resolve));
  }
  return records;
}

/** What plugins and pages replied: those of the configuration itself are run as they are. */
async function repliesTo(
  url: string,
  accepted: readonly { readonly id: string }[],
): Promise<ReadonlyMap<string, PluginReply>> {
  const replies = new Map<string, PluginReply>();
  for (const { id } of accepted) {
    const response = await fetch(`${url}/v1/callbacks/${id}/story`);
    const { steps } = (await response.json()) as StoryDocument;
    for (const { event } of steps) {
      if (event.type === 'plugin-reply' || event.type === 'vxml-result')
        replies.set(id, event.reply);
    }
  }
  return replies;
}

interface FarCalls {
  readonly customer: readonly HeardCall[];
  readonly agents: readonly HeardCall[];
}

function callsOf(farEnd: FarEnd, { number }: Part, id: string): FarCalls {
  const byTime = (a: HeardCall, b: HeardCall) => a.startedAtEpochMs - b.startedAtEpochMs;
  const calls = [...farEnd.calls()].sort(byTime);
  return {
    customer: calls.filter(({ userPart }) => isDialled(userPart, number)),
    agents: calls.filter(({ headers }) => headerOf(headers, 'x-gms-service-id') === id),
  };
}

/** A service's prefix stands before the number. */
function isDialled(userPart: string, number: string): boolean {
  return userPart.endsWith(number);
}

function headerOf(headers: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

interface Stage {
  readonly config: DialbackConfig;
  /** As it was before it was set on the stage. */
  readonly given: DialbackConfig;
  readonly shelf: SoundShelf;
  readonly agentAnswersAfterMs: number;
}

async function compare(
  { config, given, shelf, agentAnswersAfterMs }: Stage,
  { role, service }: Part,
  record: Outcome | undefined,
  calls: FarCalls,
  replied: PluginReply | undefined,
): Promise<DemoRow> {
  const options = config.services[service]?.options;
  if (!options) throw new Error(`CBD_DEMO: service ${service} is not configured`);
  const heard = await listen(shelf, options, calls.customer, calls.agents);
  const expected = await expectationOf(role, options, {
    shelf,
    agentAnswersAfterMs: hasAgent(config, options) ? agentAnswersAfterMs : undefined,
    comfortWasHeard: heard.treatments.includes(COMFORT),
    pluginRoutesTo: given.services[service] && pluginDestination(given.services[service]),
    replied,
  });
  const treatments = heard.treatments.filter((name) => name !== COMFORT);
  const differences: string[] = [];
  const expect = (what: string, wanted: unknown, found: unknown) => {
    if (wanted !== found) differences.push(`${what}: ${String(found)}, not ${String(wanted)}`);
  };
  expect('call state', expected.callState, record?.callState);
  expect('attempts', expected.attempts, record?.attemptCount);
  expect('state', expected.state, record?.state);
  expect('reason', expected.reason, record?.reason);
  expect('heard', expected.treatments.join(' ') || '-', treatments.join(' ') || '-');
  const handOffHeard =
    heard.customerHeardAgent && (heard.agentHeardCustomer || role.saysHello !== true);
  if (expected.isHandedOff && !handOffHeard) {
    differences.push('the two sides did not hear each other');
  }
  return {
    persona: role.persona,
    service,
    callState: record?.callState,
    attempts: record?.attemptCount ?? 0,
    state: record?.state ?? 'UNKNOWN',
    reason: record?.reason,
    treatmentsHeard: heard.treatments,
    treatmentMs: heard.treatmentMs,
    waitMs: record?.waitMs,
    talkMs: record?.talkMs,
    handOffHeard: expected.isHandedOff ? handOffHeard : undefined,
    differences,
  };
}

interface StepFields {
  readonly callbackId: string;
  readonly row: string;
  readonly state: string;
}

/** Who is who: a callback's first steps can come before its number is known under that id. */
class Roll {
  readonly #parts = new Map<string, Part>();
  readonly #early: StepFields[] = [];

  constructor(private readonly story: DemoStory) {}

  introduce(id: string, part: Part): void {
    this.#parts.set(id, part);
    for (const step of this.#early.filter(({ callbackId }) => callbackId === id)) {
      this.story.onStep(part, step);
    }
  }

  /** A word of the service's log about one of them is part of its story. */
  warn(fields: object, message: string): void {
    const part = this.#parts.get((fields as { callbackId?: string }).callbackId ?? '');
    const why = (fields as { why?: unknown }).why;
    const said = typeof why === 'string' ? `${message}: ${why}` : message;
    if (part) this.story.onStep(part, { row: said, state: 'warning' });
    else this.story.onTrouble(`${message} ${JSON.stringify(fields)}`);
  }

  tell(step: StepFields): void {
    const part = this.#parts.get(step.callbackId);
    if (part) this.story.onStep(part, step);
    else this.#early.push(step);
  }
}

/** The service's own log, read for its steps; everything quieter than a warning stays quiet. */
function logOf(story: DemoStory, roll: Roll): Log {
  return {
    debug: () => {},
    info: (fields, message) => {
      if (message === 'step') roll.tell(fields as StepFields);
    },
    warn: (fields, message) => roll.warn(fields, message),
    error: (fields, message) => story.onTrouble(`${message} ${JSON.stringify(fields)}`),
  };
}
