/**
 * The application against a hostile far side: what a called party may put into 183, 200 and refusals
 * comes through the signalling server to the adapters. Every call has an outcome, no promise is left
 * without a catch, nothing is thrown where nobody listens, and a good call works afterwards.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InviteOutcome } from '../../src/ports.js';
import { parseSip, type SipText } from '../sip/far-party.js';
import { FuzzBed } from './bed.js';
import { mutate } from './mutate.js';
import { Random, fuzzCount, fuzzSeed } from './random.js';
import { SAMPLES, corpus } from './samples.js';

const CALLS_AT_ONCE = 32;
const OUTCOME_WITHIN_MS = 8000;
const QUIET_WITHIN_MS = 12_000;

/** Headers that adapters or libraries look into. */
const HEADERS: readonly string[] = [
  'Retry-After: 99999999999999999999',
  'Retry-After: -1 (in a meeting);duration=x',
  'Reason: Q.850;cause=999',
  'Reason: Q.850;cause=16;text="${sofia(status)}"',
  `Reason: ${'Q.850;'.repeat(1000)}`,
  'Contact: <tel:+1>',
  'Contact: <sip:x@127.0.0.1:5062;transport=tcp>',
  'Contact: *',
  'Contact: <<<>>>"',
  'Record-Route: <sip:%zz>, <>',
  'RSeq: 4294967296\r\nRequire: 100rel',
  'Session-Expires: 1;refresher=uac',
  'WWW-Authenticate: Digest',
  'Proxy-Authenticate: Digest realm="',
  'Content-Type: multipart/mixed;boundary="("',
  'Content-Encoding: gzip',
  'X-Percent: %E0%A4%A',
  `X-Long: ${'x'.repeat(8000)}`,
  Array.from({ length: 150 }, (_, i) => `X-${i}: ${i}`).join('\r\n'),
  'constructor: 1\r\n__proto__: 2',
];
const STATUS_LINES = [
  ...['200 OK', '200 OK', '200 OK', '202 Accepted', '299 ', '183 Session Progress', '180 Ringing'],
  ...['302 Moved', '401 Unauthorized', '407 Proxy Authentication Required', '422 x', '486 Busy'],
  ...['487 Request Terminated', '491 Request Pending', '503 Service Unavailable', '699 Undefined'],
];

/** A called party that answers with damaged descriptions and headers. */
class HostileParty {
  private constructor(
    private readonly socket: Socket,
    private readonly random: Random,
  ) {
    socket.on('message', (bytes, from) => this.#answer(parseSip(bytes.toString()), from));
  }

  static async open(random: Random): Promise<HostileParty> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new HostileParty(socket, random);
  }

  get uri(): string {
    return `sip:x@127.0.0.1:${this.socket.address().port}`;
  }

  close(): void {
    this.socket.close();
  }

  #answer(request: SipText, from: RemoteInfo): void {
    if (request.method === 'ACK') return;
    if (request.method !== 'INVITE')
      return this.#send(request, from, '200 OK', [], Buffer.alloc(0));
    for (let n = this.random.below(3); n > 0; n--) {
      this.#send(request, from, '183 Session Progress', this.#headers(), this.#description());
    }
    this.#send(request, from, this.random.pick(STATUS_LINES), this.#headers(), this.#description());
  }

  #headers(): string[] {
    return Array.from({ length: this.random.below(4) }, () => this.random.pick(HEADERS));
  }

  #description(): Buffer {
    const samples = [...SAMPLES.sdp, ...corpus('sdp').map(({ bytes }) => bytes)];
    return this.random.below(4) === 0
      ? this.random.pick(samples)
      : mutate(samples, this.random).subarray(0, 30_000);
  }

  #send(
    request: SipText,
    from: RemoteInfo,
    status: string,
    extra: readonly string[],
    body: Buffer,
  ): void {
    const copied = request.headers.filter(([name]) => /^(via|from|call-id|cseq)$/.test(name));
    const to = request.header('to') ?? '';
    const head = [
      `SIP/2.0 ${status}`,
      ...copied.map(([name, value]) => `${name}: ${value}`),
      `To: ${to.includes('tag=') ? to : `${to};tag=hostile`}`,
      ...(extra.some((header) => header.startsWith('Contact')) ? [] : [`Contact: <${this.uri}>`]),
      ...extra.map((header) => header.replace('5062', String(this.socket.address().port))),
      'Content-Type: application/sdp',
      `Content-Length: ${body.length}`,
      '\r\n',
    ].join('\r\n');
    this.socket.send(Buffer.concat([Buffer.from(head), body]), from.port, from.address);
  }
}

describe('The application called by a hostile far side', function () {
  this.timeout(60_000);
  let bed: FuzzBed;
  let hostile: HostileParty;
  const thrown: unknown[] = [];
  const keep = (error: unknown): void => void thrown.push(error);
  let mochaListeners: NodeJS.UncaughtExceptionListener[] = [];

  before(async () => {
    bed = await FuzzBed.open();
    hostile = await HostileParty.open(new Random(fuzzSeed() + 200));
    mochaListeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', keep);
  });
  after(async () => {
    process.removeAllListeners('uncaughtException');
    for (const listener of mochaListeners) process.on('uncaughtException', listener);
    hostile.close();
    await bed.close();
  });

  async function callHostile(): Promise<InviteOutcome['kind']> {
    const { sip, media } = bed.telephony;
    const endpoint = await media.createEndpoint();
    const call = { uri: hostile.uri, callId: randomUUID(), localSdp: endpoint.localSdp };
    const invite = sip.invite({ ...call, auth: { username: 'u', password: 'p' } });
    const answers: Promise<void>[] = [];
    invite.onProvisional(({ sdp }) => {
      if (sdp) answers.push(endpoint.connect(sdp).catch(() => undefined));
    });
    const patience = setTimeout(() => invite.cancel('no final answer'), 300);
    const late = sleep(OUTCOME_WITHIN_MS, undefined, { ref: false }).then(() => undefined);
    const outcome = await Promise.race([invite.outcome, late]);
    clearTimeout(patience);
    assert.ok(outcome, 'the call has an outcome');
    await Promise.all(answers);
    if (outcome.kind === 'answered') {
      await endpoint.connect(outcome.dialog.remoteSdp).catch(() => undefined);
      await outcome.dialog.bye('over');
    }
    await endpoint.close();
    return outcome.kind;
  }

  it('has an outcome for every call, and throws nothing where nobody listens', async () => {
    const kinds = new Map<string, number>();
    for (let left = fuzzCount(0.0064); left > 0; left -= CALLS_AT_ONCE) {
      const calls = Array.from({ length: Math.min(CALLS_AT_ONCE, left) }, () => callHostile());
      for (const kind of await Promise.all(calls)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    assert.deepEqual(thrown, []);
    assert.ok((kinds.get('answered') ?? 0) > 0, JSON.stringify([...kinds]));
    assert.ok((kinds.get('failed') ?? 0) > 0, JSON.stringify([...kinds]));
  });

  it('calls others as before, and has nothing left', async () => {
    const call = await bed.call();
    await bed.isAlive(call);
    await bed.hangUp(call);
    let left: unknown[];
    const deadlineMs = performance.now() + QUIET_WITHIN_MS;
    do {
      await sleep(100);
      const { clients: _one, eventSockets: _two, ...stats } = await bed.engine.stats();
      left = Object.entries({ ...stats, ...bed.telephony.counts() }).filter(([, n]) => n !== 0);
    } while (left.length > 0 && performance.now() < deadlineMs);
    assert.deepEqual(left, []);
    assert.deepEqual(thrown, []);
  });
});
