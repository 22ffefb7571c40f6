/**
 * A scripted called party on real SIP and RTP: customers, machines and agents that behave as told,
 * and that afterwards say what they heard. One SIP socket, any number of calls at once.
 *
 * For demonstrations and tests. It registers nowhere, authenticates nobody and is no telephone:
 * keep it on loopback or in a laboratory.
 */
import { join } from 'node:path';
import { CountingScheduler, systemScheduler } from '../embedded/sip/scheduler.js';
import type { Gates } from '../embedded/gates.js';
import {
  SipStack,
  type IncomingRequest,
  type ServerTransaction,
  type SipStackStats,
} from '../embedded/sip/stack.js';
import type { HeardCall, LadderStep } from './heard-call.js';
import { soundFiles, type PersonaScript } from './persona-script.js';
import {
  isPersonaName,
  PERSONA_NAMES,
  personaScript,
  type PersonaName,
  type Tempo,
} from './personas.js';
import { ALLOW, dataHeaders, ScriptedCall, userPartOf, type CallCast } from './scripted-call.js';
import { SoundLibrary } from './sound-library.js';
import { dialogKey } from './uas-dialog.js';
import { writeWav } from './write-wav.js';

export type { EndedBy, HeardCall, LadderStep } from './heard-call.js';
export type { PersonaScript, ScriptStep } from './persona-script.js';
export type { PersonaName, Tempo } from './personas.js';

export type FarEndLog = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;

/**
 * Who picks up for a number. `undefined`: nobody has it, 404.
 * @param headers data headers of the INVITE (X-*, P-*, User-to-User ...) as they were spelt
 */
export type Casting = (
  userPart: string,
  headers: Readonly<Record<string, string>>,
) => PersonaName | PersonaScript | undefined;

export interface FarEndOptions {
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  readonly rules: Casting;
  /** Where `far-end/hello.wav` and the other voices are. */
  readonly mediaDirectory: string;
  readonly tempo?: Partial<Tempo>;
  /** Writes `<persona>-<Call-ID>.wav` there after each call that heard something. */
  readonly recordDirectory?: string;
  /** How much of a call is kept; 120 s by default. */
  readonly recordMaxMs?: number;
  /** More calls at once are refused with 503; 500 by default. */
  readonly maxCalls?: number;
  /** How many ended calls `calls()` remembers; 500 by default. */
  readonly keepCalls?: number;
  /** RFC 3261's T1; 500 by default. */
  readonly t1Ms?: number;
  readonly log?: FarEndLog;
  /** The network in between: what may lose or delay SIP and RTP, both ways. */
  readonly network?: { readonly sip: Gates; readonly rtp: Gates };
  /** Each step of each call as it happens. */
  readonly onStep?: (call: CallSummary, step: LadderStep) => void;
}

export type CallSummary = Pick<HeardCall, 'callId' | 'persona' | 'userPart' | 'fromUser'>;

/** All zero when no call is going on. */
export interface FarEndStats {
  readonly liveCalls: number;
  readonly timers: number;
  readonly recordingsBeingWritten: number;
  readonly sip: SipStackStats;
}

export interface FarEnd {
  readonly host: string;
  readonly port: number;
  /** Every call, live ones included, in order of arrival. */
  calls(): readonly HeardCall[];
  /** @returns a function that removes the listener */
  onCallEnded(listener: (call: HeardCall) => void): () => void;
  stats(): FarEndStats;
  /** Ends all calls in the proper way, finishes the recordings and closes everything. */
  stop(): Promise<void>;
}

/** How long a BYE may take to be answered when everything is to end. */
const STOP_GRACE_MS = 500;
const RETRY_AFTER_SECONDS = '5';
const KNOWN_METHODS =
  /^(?:REGISTER|SUBSCRIBE|NOTIFY|PUBLISH|MESSAGE|REFER|UPDATE|PRACK|CANCEL|ACK)$/;
const SAFE_NAME_MAX = 80;

/** @throws the socket's error when the address cannot be bound, Error when a voice is missing */
export async function startFarEnd(options: FarEndOptions): Promise<FarEnd> {
  const sounds = new SoundLibrary(options.mediaDirectory);
  await sounds.preload(
    PERSONA_NAMES.flatMap((name) => soundFiles(personaScript(name, options.tempo).steps)),
  );
  const farEnd = new RunningFarEnd(options, sounds);
  await farEnd.start();
  return farEnd;
}

class RunningFarEnd implements FarEnd {
  readonly #options: FarEndOptions;
  readonly #stack: SipStack;
  readonly #scheduler = new CountingScheduler(systemScheduler);
  readonly #live = new Map<string, ScriptedCall>();
  readonly #ended: HeardCall[] = [];
  /** Dialogs whose party is gone: nobody is there to say 481. */
  readonly #vanished = new Set<string>();
  readonly #listeners = new Set<(call: HeardCall) => void>();
  readonly #writing = new Set<Promise<void>>();
  readonly #sounds: SoundLibrary;
  #stopping: Promise<void> | undefined;

  constructor(options: FarEndOptions, sounds: SoundLibrary) {
    this.#options = options;
    this.#sounds = sounds;
    this.#stack = new SipStack({
      host: options.host ?? '127.0.0.1',
      port: options.port ?? 0,
      ...(options.t1Ms === undefined ? {} : { t1Ms: options.t1Ms }),
      ...(options.log === undefined ? {} : { onLog: options.log }),
      ...(options.network === undefined ? {} : { gates: options.network.sip }),
    });
    this.#stack.onRequest = (request, transaction) => this.#receive(request, transaction);
    this.#stack.onAck = (ack) => this.#live.get(dialogKey(ack))?.receiveAck(ack);
  }

  async start(): Promise<void> {
    await this.#stack.start();
  }

  get host(): string {
    return this.#stack.host;
  }

  get port(): number {
    return this.#stack.port;
  }

  calls(): readonly HeardCall[] {
    const live = [...this.#live.values()].map((call) => call.heard());
    return [...this.#ended, ...live].sort((a, b) => a.startedAtEpochMs - b.startedAtEpochMs);
  }

  onCallEnded(listener: (call: HeardCall) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stats(): FarEndStats {
    return {
      liveCalls: this.#live.size,
      timers: this.#scheduler.active,
      recordingsBeingWritten: this.#writing.size,
      sip: this.#stack.stats(),
    };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const leaving = [...this.#live.values()].map((call) => call.shutDown());
    let cancelGrace: (() => void) | undefined;
    const grace = new Promise<void>((resolve) => {
      cancelGrace = this.#scheduler.schedule(STOP_GRACE_MS, resolve);
    });
    await Promise.race([Promise.all(leaving), grace]);
    cancelGrace?.();
    await this.#stack.stop();
    await Promise.all(this.#writing);
  }

  #receive(request: IncomingRequest, transaction: ServerTransaction): void {
    if (request.tagOf('To') !== undefined) {
      const call = this.#live.get(dialogKey(request));
      if (call) call.receive(request, transaction);
      else if (!this.#vanished.has(dialogKey(request))) transaction.respond(481);
      return;
    }
    switch (request.method) {
      case 'INVITE':
        return this.#invite(request, transaction);
      case 'OPTIONS':
        transaction.respond(200, { headers: capabilities() });
        return;
      case 'BYE':
      case 'INFO':
        transaction.respond(481);
        return;
      default:
        if (KNOWN_METHODS.test(request.method ?? '')) {
          transaction.respond(405, { headers: [['Allow', ALLOW]] });
        } else {
          transaction.respond(501);
        }
    }
  }

  #invite(request: IncomingRequest, transaction: ServerTransaction): void {
    const refusal = this.#refusal(request);
    if (refusal) {
      transaction.respond(refusal.status, { headers: refusal.headers });
      return;
    }
    const cast = this.#cast(request);
    if (!cast) {
      transaction.respond(404);
      return;
    }
    const call = new ScriptedCall(this.#callHost(), cast, request, transaction);
    this.#live.set(call.dialog.key, call);
    void call.perform();
  }

  #refusal(request: IncomingRequest): { status: number; headers: [string, string][] } | undefined {
    const required = request.all('Require');
    if (required.length > 0) {
      return { status: 420, headers: [['Unsupported', required.join(', ')]] }; // 8.2.2.3
    }
    if (!request.get('Contact')) return { status: 400, headers: [] }; // 8.1.1.8
    const contentType = request.get('Content-Type') ?? 'application/sdp';
    if (request.body !== '' && !/^application\/sdp\b/i.test(contentType)) {
      return { status: 415, headers: [['Accept', 'application/sdp']] }; // 8.2.3
    }
    const isFull = this.#live.size >= (this.#options.maxCalls ?? 500);
    if (!isFull && !this.#stopping) return undefined;
    return { status: 503, headers: [['Retry-After', RETRY_AFTER_SECONDS]] };
  }

  #cast(request: IncomingRequest): CallCast | undefined {
    const chosen = this.#options.rules(userPartOf(request.uri ?? ''), dataHeaders(request));
    if (chosen === undefined) return undefined;
    if (typeof chosen !== 'string') return { persona: 'script', script: chosen };
    if (!isPersonaName(chosen)) return undefined;
    return { persona: chosen, script: personaScript(chosen, this.#options.tempo) };
  }

  #callHost(): ScriptedCall['host'] {
    return {
      stack: this.#stack,
      scheduler: this.#scheduler,
      rtpHost: this.#options.host ?? '127.0.0.1',
      ...(this.#options.network === undefined ? {} : { rtpGates: this.#options.network.rtp }),
      recordMaxMs: this.#options.recordMaxMs ?? 120_000,
      sound: (file) => this.#sounds.get(file),
      onStep: (call, step) => this.#onStep(call, step),
      onEnded: (call) => this.#onEnded(call),
      onFault: (call, error) =>
        this.#options.log?.('error', 'a scripted call failed', {
          callId: call.invite.callId,
          error: String(error),
        }),
    };
  }

  #onStep(call: ScriptedCall, step: LadderStep): void {
    this.#options.onStep?.(call.summary, step);
  }

  #onEnded(call: ScriptedCall): void {
    this.#live.delete(call.dialog.key);
    const heard = call.heard();
    if (heard.endedBy === 'vanished') this.#vanish(call);
    this.#ended.push(heard);
    if (this.#ended.length > (this.#options.keepCalls ?? 500)) this.#ended.shift();
    this.#write(heard);
    for (const listener of [...this.#listeners]) {
      try {
        listener(heard);
      } catch (error) {
        this.#options.log?.('error', 'a listener failed', { error: String(error) });
      }
    }
  }

  #vanish(call: ScriptedCall): void {
    this.#vanished.add(call.dialog.key);
    const [oldest] = this.#vanished;
    if (oldest && this.#vanished.size > (this.#options.keepCalls ?? 500)) {
      this.#vanished.delete(oldest);
    }
  }

  #write(heard: HeardCall): void {
    const folder = this.#options.recordDirectory;
    if (folder === undefined || heard.recording.length === 0) return;
    const path = join(folder, `${heard.persona}-${safeName(heard.callId)}.wav`);
    const writing = writeWav(path, heard.recording)
      .catch((error: unknown) => {
        this.#options.log?.('warn', 'cannot write a recording', { path, error: String(error) });
      })
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }
}

function capabilities(): [string, string][] {
  return [
    ['Allow', ALLOW],
    ['Accept', 'application/sdp'],
  ];
}

/** A Call-ID comes from outside: only what is harmless in a file name stays. */
function safeName(callId: string): string {
  return callId.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, SAFE_NAME_MAX);
}
