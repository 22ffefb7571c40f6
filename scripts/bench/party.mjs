// The processes of `npm run bench:calls`, and the two ways to have a call made: by the product and by
// the bare script. Both are ordered from here, one call at a time or at a rate, and both say when a
// call is over.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { env } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';

export const nowMs = () => performance.timeOrigin + performance.now();
/** DIALBACK_BENCH_PROFILE=folder: a CPU profile of each process and thread, for `--cpu-prof`'s readers. */
const profileFolder = env.DIALBACK_BENCH_PROFILE;
const profiling = profileFolder ? ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`] : [];
const http = new Agent({ connections: 32, pipelining: 1 });
let numbers = 0;
/** Numbers that can exist: North America, area code 212. */
const nextNumber = () => `+1212${2_000_000 + numbers++}`;

export async function startProcess(file, ...args) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: ['--expose-gc', ...profiling],
  });
  const listeners = new Set();
  child.on('message', (message) => listeners.forEach((listen) => listen(message)));
  const next = (isIt) =>
    new Promise((resolve) => {
      const listen = (message) => {
        if (!isIt(message)) return;
        listeners.delete(listen);
        resolve(message);
      };
      listeners.add(listen);
    });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`${file} ended with ${code} before it was ready`);
  });
  const isAnswer = (message) => !('number' in message || 'id' in message || 'warning' in message);
  const first = await Promise.race([next(isAnswer), failed]);
  failed.catch(() => undefined);
  return {
    first,
    onMessage: (listen) => listeners.add(listen),
    tell: (message) => child.send(message),
    ask: (question) => {
      const answer = next(isAnswer);
      child.send({ ask: question });
      return answer;
    },
    stop: async () => {
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

/** A caller: `order()` has one call made; it resolves when the call is over. */
function caller(child, place) {
  const open = new Map();
  const early = new Map();
  const warnings = new Map();
  child.onMessage((message) => {
    if (message.warning) {
      warnings.set(message.warning, (warnings.get(message.warning) ?? 0) + 1);
    }
    const key = message.id ?? message.number;
    if (key === undefined) return;
    if (open.has(key)) open.get(key)(message);
    else early.set(key, message);
  });
  return {
    ...child,
    warnings,
    async order(kind) {
      const number = nextNumber();
      const orderedAtMs = nowMs();
      const key = await place(number, kind);
      const over = early.get(key) ?? (await new Promise((resolve) => open.set(key, resolve)));
      open.delete(key);
      early.delete(key);
      return { ...over, number, orderedAtMs, overAtMs: nowMs() };
    },
  };
}

/** The bare script, or the product's call path alone. */
export const startBare = (given) => startScript('./bare-calls.mjs', given);
export const startPath = (given) => startScript('./path-calls.mjs', given);

async function startScript(script, { servers, calleeUri, file, listenMs, withTap }) {
  const { drachtio, freeswitch } = servers;
  const given = { drachtio, freeswitch, file, listenMs, withTap };
  const child = await startProcess(script, JSON.stringify(given));
  const host = calleeUri.slice('sip:'.length);
  return caller(child, async (number) => {
    child.tell({ number, uri: `sip:${number}@${host}` });
    return number;
  });
}

/** @param folder where its configuration, store and log go, with the sound `tone.wav` in it */
export async function startService({ servers, calleeUri, folder, listenMs }) {
  const address = ({ host, port, secret }) => JSON.stringify({ host, port, secret });
  const { drachtio, freeswitch } = servers;
  const yaml = `engine: servers
drachtio: ${address(drachtio)}
freeswitch: [${address(freeswitch)}]
media: { directory: "${folder}" }
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(folder, `bench-${Math.round(nowMs())}.db`)}" }
trunks: [{ name: far, uri: "${calleeUri}", maxConcurrentCalls: 1000, maxCallsPerSecond: 1000 }]
queues: { agents: { targets: [{ uri: "${calleeUri.replace('sip:', 'sip:agent@')}" }] } }
defaults:
  _max_dial_attempts: 1
  _max_queued_callbacks_per_service: 100000
  _throttle_callbacks_per_service_1: 100000
  _throttle_callbacks_per_service_2: 100000
services:
  # Listens, plays a message and hangs up, as the bare script does.
  full:
    _call_timeguard_timeout: ${listenMs}
    humanSilenceMaxMs: ${listenMs}
    silenceAs: machine
    unknownAs: machine
    _treatment_call_failure_answering_machine: tone.wav
  # Takes every answer for a person and plays at once.
  connect: { _cpd_enable: false, _treatment_customer_connect: tone.wav, queue: agents }
`;
  const file = join(folder, 'dialback.yaml');
  await writeFile(file, yaml);
  const child = await startProcess('./service-calls.mjs', file, join(folder, 'service.log'));
  return caller(child, async (number, kind = 'full') => {
    const { statusCode, body } = await request(
      `${child.first.url}/genesys/1/service/callback/${kind}`,
      {
        method: 'POST',
        dispatcher: http,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ _customer_number: number }),
      },
    );
    const answer = await body.json();
    if (statusCode !== 200) throw new Error(`${statusCode} ${JSON.stringify(answer)}`);
    return answer._id;
  });
}

/**
 * Orders calls at a steady rate, `perSecond` for `seconds`. @returns what became of each; what is not over
 * after `limitMs` is not waited for: the bare script loses calls without a word
 */
export async function orderAtRate(party, perSecond, seconds, kind, limitMs = 600_000) {
  const startedAtMs = nowMs();
  const orders = [];
  for (let n = 0; n < perSecond * seconds; n++) {
    const waitMs = startedAtMs + (n * 1000) / perSecond - nowMs();
    if (waitMs > 1) await sleep(waitMs);
    const order = party.order(kind);
    orders.push(order.catch((error) => ({ ok: false, why: error.message })));
  }
  const why = `no end ${limitMs / 1000} s after the last was ordered`;
  const limit = sleep(limitMs, { ok: false, why }, { ref: false });
  return Promise.all(orders.map((order) => Promise.race([order, limit])));
}
