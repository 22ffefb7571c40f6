/** A far end in a hurry, anew for each test, and those who call it. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import {
  type FarEnd,
  type FarEndOptions,
  type HeardCall,
  type PersonaName,
  startFarEnd,
  type Tempo,
} from '../../src/farend/far-end.js';
import { recognise } from '../../src/farend/recognise.js';
import { Caller } from './caller.js';
import { loadSounds, shortVoices } from './media.js';

/** A hurried world: what takes seconds elsewhere takes tens of milliseconds here. */
export const TEMPO: Partial<Tempo> = {
  ringMs: 30,
  machineRingMs: 30,
  agentRingMs: 30,
  helloAfterMs: 20,
  helloEveryMs: 100,
  beepAfterMs: 50,
  quietMaxMs: 200,
  messageMaxMs: 2000,
  giveUpMs: 1000,
  conversationMs: 100,
  queueMs: 60,
  hangUpAfterMs: 400,
};

const UNTIL_MS = 8000;

/** Waits for something that no message on the wire tells of. */
export async function until(isTrue: () => boolean, what: string): Promise<void> {
  const endAtMs = performance.now() + UNTIL_MS;
  while (!isTrue()) {
    if (performance.now() > endAtMs) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const whats = (call: HeardCall): string[] => call.ladder.map(({ what }) => what);

/** For the body of a `describe`. */
export function farEndStage() {
  /** The voices, cut short. */
  let media: string;
  let farEnd: FarEnd;
  let ended: HeardCall[];
  const callers: Caller[] = [];

  async function start(persona: PersonaName, more: Partial<FarEndOptions> = {}): Promise<Caller> {
    ended = [];
    farEnd = await startFarEnd({
      rules: () => persona,
      mediaDirectory: media,
      tempo: TEMPO,
      t1Ms: 20,
      ...more,
    });
    farEnd.onCallEnded((call) => ended.push(call));
    return anotherCaller();
  }

  async function anotherCaller(): Promise<Caller> {
    const caller = await Caller.open(farEnd.port);
    callers.push(caller);
    return caller;
  }

  const lastCall = (): HeardCall => {
    const call = ended.at(-1);
    assert.ok(call, 'a call has ended');
    return call;
  };

  async function untilEnded(): Promise<HeardCall> {
    await until(() => ended.length > 0, 'the end of the call');
    return lastCall();
  }

  async function heardBy(caller: Caller, names: readonly string[]): Promise<readonly string[]> {
    const found = recognise(Int16Array.from(caller.heard), await loadSounds(names, media));
    return found.map(({ name }) => name);
  }

  before(async () => {
    media = await shortVoices(600);
  });

  after(() => rm(media, { recursive: true }));

  afterEach(async () => {
    await farEnd.stop();
    const { sip, ...own } = farEnd.stats();
    assert.deepEqual(own, { liveCalls: 0, timers: 0, recordingsBeingWritten: 0 });
    assert.deepEqual(sip, { clientTransactions: 0, serverTransactions: 0, timers: 0 });
    for (const caller of callers.splice(0)) caller.close();
  });

  return {
    get media() {
      return media;
    },
    get farEnd() {
      return farEnd;
    },
    /** Calls that are over, in that order. */
    get ended() {
      return ended;
    },
    start,
    anotherCaller,
    untilEnded,
    heardBy,
  };
}
