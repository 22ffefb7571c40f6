import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Command, CommanderError } from 'commander';
import type { FastifyInstance } from 'fastify';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import { registerCallCommand } from '../../src/cli/call-command.js';
import type { Terminal } from '../../src/cli/terminal.js';
import { registerTraceCommand } from '../../src/cli/trace-command.js';
import type { Clock, Log } from '../../src/ports.js';
import { createApi } from '../../src/request/callback-api.js';
import type { CallbackStore, JournalStep } from '../../src/schedule/callback-store.js';
import { configOf } from '../request/test-config.js';
import { someInbound } from '../adapters/store/conformance-inbound.js';

const START_MS = Date.UTC(2026, 0, 15, 12);
const NUMBER = '+15550001234';
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

const YAML = `
queues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
services: { sales: { queue: q, _throttle_request_parameters_limit: 1000, _enable_in_queue_checking: false } }
`;

function step(row: string, stateName: string, atMs: number): JournalStep {
  const because = `because of \u001b[31m${row}`;
  return { atMs, event: { type: 'due', atMs }, row, because, commands: [], stateName };
}

describe('The commands that use a running service', () => {
  let store: CallbackStore;
  let api: FastifyInstance;
  let server: string;
  let out: string[];
  let err: string[];
  let exitCode: number;
  /** What happens to the callback between two polls of `--watch`. */
  let onPoll: () => Promise<unknown>;

  const terminal: Terminal = {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    exit: (code) => (exitCode = code),
  };
  const clock: Clock = {
    nowMs: () => START_MS,
    after: (_delayMs, run) => {
      void onPoll().then(run);
      return () => undefined;
    },
  };

  before(async () => {
    store = await openSqliteStore({ file: ':memory:' });
    api = createApi({
      store,
      config: await configOf(YAML),
      clock,
      random: { uuid: () => randomUUID(), fraction: () => 0 },
      log: silent,
      poke: () => undefined,
      cancelLive: () => false,
      isReady: () => true,
    });
    server = await api.listen({ host: '127.0.0.1', port: 0 });
  });
  after(async () => {
    await api.close();
    await store.close();
  });
  beforeEach(() => {
    out = [];
    err = [];
    exitCode = 0;
    onPoll = async () => undefined;
  });

  async function run(...words: string[]): Promise<void> {
    const program = new Command('dialback').exitOverride().configureOutput({ writeErr() {} });
    registerCallCommand(program, { terminal, clock });
    registerTraceCommand(program, terminal);
    await program.parseAsync(words, { from: 'user' });
  }
  const call = (...words: string[]): Promise<void> =>
    run('call', NUMBER, '--service', 'sales', '--server', server, ...words);

  async function claimOne(): Promise<string> {
    const [record] = await store.claimDue(START_MS, 1);
    assert.ok(record);
    return record.id;
  }

  it('call makes a callback and prints its record', async () => {
    await call('--data', 'product=kettle', '--data', 'note=a=b');
    assert.deepEqual(err, []);
    assert.equal(exitCode, 0);
    assert.ok(out.includes(`number     ${NUMBER}`), out.join('\n'));
    const id = out[0]?.split(' ').at(-1) ?? '';
    assert.deepEqual((await store.get(id))?.userData, { product: 'kettle', note: 'a=b' });
  });

  it('call --json prints the record as one document', async () => {
    await call('--json', '--at', '2026-01-15T13:00:00Z');
    assert.equal(out.length, 1);
    const record = JSON.parse(out[0] ?? '') as { id: string; state: string; desiredAtMs: number };
    assert.equal(record.state, 'SCHEDULED');
    assert.equal(record.desiredAtMs, START_MS + 3_600_000);
  });

  it('call --watch prints each step once and ends with the callback', async () => {
    for (const { id } of await store.find({ states: ['QUEUED'] })) {
      await store.requestCancel(id, 'admin', START_MS);
    }
    let id = '';
    const turns: (() => Promise<unknown>)[] = [
      async () => {
        id = await claimOne();
        const change = { step: step('dial-first', 'dialing', START_MS) };
        await store.commit(id, change, { durable: true });
      },
      async () => undefined,
      () =>
        store.commit(
          id,
          {
            step: step('fax-ends', 'ended', START_MS + 1500),
            record: { state: 'COMPLETED', reason: 'FAIL_FAX_REACHED' },
          },
          { durable: true },
        ),
    ];
    onPoll = async () => turns.shift()?.();
    await call('--watch');
    assert.deepEqual(err, []);
    const steps = out.filter((line) => line.trimStart().startsWith('+'));
    assert.equal(steps.length, 2);
    assert.match(steps[0] ?? '', /\+0\.000s\s+due\s+dialing\s+dial-first: because of/);
    assert.match(steps[1] ?? '', /\+1\.500s\s+due\s+ended\s+fax-ends: because of/);
    assert.ok(!out.join('').includes('\u001b'), 'nothing steers the terminal');
    assert.ok(out.includes('reason     FAIL_FAX_REACHED'));
    assert.equal(exitCode, 0);
  });

  it('call --watch --json keeps stdout for the document', async () => {
    onPoll = async () => {
      const open = await store.find({ states: ['QUEUED'] });
      for (const { id } of open) await store.requestCancel(id, 'customer', START_MS);
    };
    await call('--watch', '--json');
    assert.equal(out.length, 1);
    assert.equal((JSON.parse(out[0] ?? '') as { reason: string }).reason, 'CANCELLED');
    assert.ok(err.length > 0);
  });

  it('call tells why the service refused, with its code, and fails', async () => {
    await run('call', 'sip:x@y', '--service', 'sales', '--server', server);
    assert.deepEqual(out, []);
    assert.match(err[0] ?? '', /^CBD_REQUEST_NUMBER_UNPARSABLE: /);
    assert.equal(exitCode, 1);
    await run('call', NUMBER, '--service', 'nobody', '--server', server);
    assert.match(err[1] ?? '', /^CBD_REQUEST_UNKNOWN_SERVICE: /);
  });

  it('call says that no service is there', async () => {
    await run('call', NUMBER, '--service', 'sales', '--server', 'http://127.0.0.1:1');
    assert.match(
      err[0] ?? '',
      /^CBD_SERVICE_UNREACHABLE: http:\/\/127\.0\.0\.1:1: .*--server or DIALBACK_SERVER/,
    );
    assert.equal(exitCode, 1);
  });

  it('wrong use ends with 2 before anything is sent', async () => {
    const before = (await store.find({ limit: 1000 })).length;
    for (const words of [
      ['--server', 'nonsense'],
      ['--data', 'no-value'],
      ['--data', '_ttl=1'],
    ]) {
      exitCode = 0;
      await call(...words);
      assert.equal(exitCode, 2, words.join(' '));
    }
    await assert.rejects(run('call', NUMBER, '--server', server), CommanderError);
    assert.equal((await store.find({ limit: 1000 })).length, before);
  });

  it('trace tells the story of a callback, for people and as a document', async () => {
    await call('--json');
    const { id } = JSON.parse(out[0] ?? '') as { id: string };
    while ((await claimOne()) !== id);
    const attempt = { attempt: 1, callId: 'call-77', number: '915550001', startedAtMs: START_MS };
    const ended = { endedAtMs: START_MS + 900, callState: 6, sipStatus: 486, sipReason: 'Busy' };
    await store.commit(
      id,
      { step: step('dial-first', 'dialing', START_MS), attempt: { ...attempt, ...ended } },
      { durable: true },
    );
    out = [];
    await run('trace', id, '--server', server);
    const text = out.join('\n');
    assert.match(text, /^callback .*2026-01-15T12:00:00\.000Z/);
    assert.match(text, /\n {2}sales to \+\d+: \w+\n/);
    assert.match(text, /dial-first: because of/);
    assert.match(text, /attempt 1 to 915550001: call state 6, SIP 486, Call-ID call-77/);
    assert.match(text, /\+0\.900s {5}\|-+ 486 Busy -+>\|/);

    out = [];
    await run('trace', id, '--server', server, '--json');
    assert.equal(out.length, 1);
    const document = JSON.parse(out[0] ?? '') as Record<string, unknown[]>;
    const whose = ['id', 'serviceName', 'customerNumber', 'state'];
    assert.deepEqual(Object.keys(document), [...whose, 'steps', 'attempts', 'ladder', 'media']);
    assert.equal(document['ladder']?.length, 2);
  });

  it('trace tells the story of a call that came to us', async () => {
    const inbound = someInbound({ startedAtMs: START_MS, answeredAtMs: START_MS + 20 });
    const invite = { kind: 'sip', leg: 'customer', callId: 'theirs', atMs: START_MS } as const;
    const bridge = {
      kind: 'media',
      leg: 'customer',
      callId: 'theirs',
      atMs: START_MS + 40,
    } as const;
    const trail = [
      { ...invite, direction: '<-', message: 'INVITE', cseq: '1 INVITE' } as const,
      { ...bridge, what: 'bridge', detail: 'with queue-1' },
    ];
    await store.commit('inbound-1', { inbound, trail }, { durable: true });
    const connected = { connectedAtMs: START_MS + 40, connectedTo: 'sip:ann@pbx' };
    const end = { endedAtMs: START_MS + 900, outcome: 'served', why: 'the agent hung up' } as const;
    await store.commit('inbound-1', { inbound: { ...connected, ...end } }, { durable: true });
    await run('trace', 'inbound-1', '--server', server);
    assert.deepEqual(out, [
      'call inbound-1, 2026-01-15T12:00:00.000Z',
      '  from 192.0.2.10, Call-ID theirs',
      '',
      'steps',
      '     +0.000s  rings: +15550001234 for sales',
      '     +0.020s  answered, and waits in the queue',
      '     +0.040s  talks to sip:ann@pbx',
      '     +0.900s  served: the agent hung up',
      '',
      'wire',
      '             customer                 dialback',
      '     +0.000s     |-------- INVITE ------->|                        |',
      '     +0.040s     * bridge: with queue-1',
    ]);
  });

  it('trace fails for a callback that does not exist', async () => {
    await run('trace', 'nobody', '--server', server);
    assert.match(err[0] ?? '', /^CBD_REQUEST_UNKNOWN_CALLBACK: /);
    assert.equal(exitCode, 1);
  });
});
