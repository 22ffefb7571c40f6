import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { DECISION_TABLE } from '../../src/callflow/decision-table.js';
import { registerFlowCommands } from '../../src/cli/flow-commands.js';

const YAML = `
queues: { support: { targets: [ { uri: "sip:support@pbx.example.net" } ] } }
routePoints: { night: { uri: "sip:8999@pbx.example.net" } }
services:
  sales:
    queue: support
    _treatment_customer_connect: connect.wav
    _dial_retry_timeout: 60
  decided:
    queue: support
    _plugin_on_dial_url: http://plugins.example.net/on-dial.scxml
`;

interface Ran {
  readonly out: string;
  readonly err: string;
  readonly exitCode: number;
}

describe('explain and matrix', () => {
  let folder: string;
  let config: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dialback-flow-'));
    config = join(folder, 'dialback.yaml');
    await writeFile(config, YAML);
  });

  after(() => rm(folder, { recursive: true }));

  async function run(...args: string[]): Promise<Ran> {
    const out: string[] = [];
    const err: string[] = [];
    let exitCode = 0;
    const program = new Command('dialback').exitOverride();
    const terminal = {
      out: (line: string) => void out.push(line),
      err: (line: string) => void err.push(line),
      exit: (code: number) => void (exitCode = code),
    };
    registerFlowCommands(program, { terminal });
    await program.parseAsync(['node', 'dialback', ...args, '--config', config]);
    return { out: out.join('\n'), err: err.join('\n'), exitCode };
  }

  const explain = (...args: string[]) => run('explain', '--service', 'sales', ...args);

  async function document(...args: string[]): Promise<Record<string, unknown>> {
    const { out, err, exitCode } = await run(...args, '--json');
    assert.deepEqual([err, exitCode], ['', 0]);
    return JSON.parse(out) as Record<string, unknown>;
  }

  it('explain prints one JSON document with the path and the outcome', async () => {
    const found = await document('explain', '--service', 'sales', '--answer', 'busy');
    const { path, ...rest } = found;
    assert.deepEqual(rest, {
      service: 'sales',
      answer: 'busy',
      callState: 6,
      attempt: 1,
      outcome: {
        kind: 'retry',
        state: 'QUEUED',
        reason: null,
        retryInMs: 60_000,
        destination: null,
      },
    });
    assert.ok(Array.isArray(path));
    const steps = path as Record<string, unknown>[];
    assert.deepEqual(
      steps.map((step) => Object.keys(step)),
      [
        ['row', 'box', 'because', 'commands'],
        ['row', 'box', 'because', 'commands'],
      ],
    );
    assert.deepEqual(
      steps.map(({ row }) => row),
      ['dial.first', 'busy.retry'],
    );
  });

  it('explain tells a person the same in narrow lines', async () => {
    const { out, exitCode } = await explain('--answer', 'human');
    assert.equal(exitCode, 0);
    assert.match(out, /^sales: human \(Ok, 0\), attempt 1\n/);
    assert.match(out, /human\.connect/);
    assert.match(out, /_treatment_customer_connect is connect\.wav/);
    assert.match(out, /> play waiting-for-agent: .*, looped/);
    assert.match(out, /=> queue support, ROUTING$/);
    for (const line of out.split('\n')) assert.ok(line.length <= 80 || !line.includes(' '), line);
  });

  it('explain knows the attempt', async () => {
    const { out } = await explain('--answer', 'busy', '--attempt', '3');
    assert.match(out, /=> end, COMPLETED \/ FAIL_CALL_TO_CUSTOMER$/);
  });

  it('explain goes on from a reply', async () => {
    const reply = '{"action":"route_to_rp","message":"night"}';
    const args = ['--service', 'decided', '--answer', 'human', '--reply', reply];
    const { outcome } = await document('explain', ...args);
    const { kind, destination } = outcome as Record<string, unknown>;
    assert.deepEqual([kind, destination], ['route', 'night']);
  });

  it('explain shows why a reply is refused', async () => {
    const reply = '{"action":"route_to_agent","message":"OK"}';
    const args = ['--service', 'decided', '--answer', 'busy', '--reply', reply];
    const { out, exitCode } = await run('explain', ...args);
    assert.equal(exitCode, 0);
    assert.match(out, /reply\.refused/);
    assert.match(out, /REPLY_NO_CALL/);
  });

  it('explain refuses what the running service would refuse, and says why', async () => {
    for (const [reply, says] of [
      [
        '{"action":"route_to_rp","message":"nigth"}',
        /REPLY_DESTINATION_NOT_ALLOWED: .*mean night/s,
      ],
      ['{"action":"route_to_rp","message":"sip:a@evil"}', /REPLY_DESTINATION_NOT_ALLOWED: evil/],
      ['{"action":"retry","message":"OK","customer_number_prefix":"9"}', /REPLY_PREFIX_NOT_/],
      ['{"action":"retry","message":"OK","customer_number":"911"}', /REPLY_NUMBER_REFUSED: /],
    ] as const) {
      const args = ['--service', 'decided', '--answer', 'human', '--reply', reply];
      const { out } = await run('explain', ...args);
      assert.match(out, /reply\.refused/, reply);
      assert.match(out.replace(/\n +/g, ' '), says, reply);
    }
  });

  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      'an unknown answer, with the nearest',
      ['--answer', 'bussy'],
      /^CBD_UNKNOWN_ANSWER: no answer "bussy"; did you mean busy\? \(one of human, /,
    ],
    ['an attempt that is no number', ['--answer', 'busy', '--attempt', '0'], /^CBD_BAD_ATTEMPT: /],
    ['a reply that is not JSON', ['--answer', 'busy', '--reply', 'retry'], /^CBD_BAD_JSON: /],
    [
      'a reply where nobody is asked, and why nobody is',
      ['--answer', 'busy', '--reply', '{"action":"retry","message":"OK"}'],
      /^CBD_NOBODY_ASKED: .*_plugin_on_dial_url is not set/,
    ],
  ];
  for (const [name, args, message] of wrong) {
    it(`explain refuses ${name}`, async () => {
      const { out, err, exitCode } = await explain(...args);
      assert.equal(out, '');
      assert.match(err, message);
      assert.equal(exitCode, 2);
    });
  }

  it('both refuse an unknown service and name the nearest', async () => {
    const message = 'CBD_UNKNOWN_SERVICE: no service "sale"; did you mean sales?';
    for (const args of [['explain', '--answer', 'busy'], ['matrix']]) {
      const { err, exitCode } = await run(...args, '--service', 'sale');
      assert.ok(err.startsWith(message), err);
      assert.equal(exitCode, 2);
    }
  });

  it('both print what is wrong with a configuration', async () => {
    const bad = join(folder, 'bad.yaml');
    await writeFile(bad, 'services: { sales: { _max_dial_atempts: 3 } }\n');
    const program = new Command('dialback').exitOverride();
    const err: string[] = [];
    let exitCode = 0;
    const terminal = {
      out: () => undefined,
      err: (line: string) => void err.push(line),
      exit: (code: number) => void (exitCode = code),
    };
    registerFlowCommands(program, { terminal });
    const args = ['explain', '--service', 'sales', '--answer', 'busy', '--config', bad];
    await program.parseAsync(['node', 'dialback', ...args]);
    assert.match(err.join('\n'), /CONFIG_UNKNOWN_OPTION/);
    assert.equal(exitCode, 1);
  });

  it('matrix prints every row, and fewer for one service', async () => {
    const all = (await document('matrix')).rows as Record<string, unknown>[];
    assert.deepEqual(
      all.map(({ row }) => row),
      DECISION_TABLE.map(({ row }) => row),
    );
    for (const row of all) {
      assert.deepEqual(Object.keys(row).slice(0, 3), ['row', 'when', 'then']);
    }
    const ofOne = (await document('matrix', '--service', 'sales')).rows as unknown[];
    assert.ok(ofOne.length > 10 && ofOne.length < all.length);
  });

  it('matrix is Markdown, JSON or a Mermaid figure', async () => {
    assert.match((await run('matrix', '--format', 'md')).out, /\n\| Row \| When \| Then \|\n/);
    const { rows } = JSON.parse((await run('matrix', '--format', 'json')).out) as {
      rows: unknown[];
    };
    assert.equal(rows.length, DECISION_TABLE.length);
    const figure = await run('matrix', '--format', 'mermaid', '--service', 'sales');
    assert.match(figure.out, /^flowchart TD\n/);
    assert.doesNotMatch(figure.out, /cpdBox -->.*\| actionBox/);
    assert.match((await run('matrix')).out, /\n\d+ rows$/);
  });

  it('draws the figure, of everybody or of one service', async () => {
    const all = await run('matrix', '--format', 'svg');
    assert.match(all.out, /^<svg [^>]*>\s*<title>The call flow<\/title>/);
    const one = await run('matrix', '--format', 'svg', '--service', 'sales');
    assert.match(one.out, /<title>The call flow of sales<\/title>/);
    assert(one.out.length < all.out.length);
  });

  it('matrix refuses another format', async () => {
    const { err, exitCode } = await run('matrix', '--format', 'jsn');
    assert.match(err, /^CBD_UNKNOWN_FORMAT: no format "jsn"; did you mean json\?/);
    assert.equal(exitCode, 2);
  });
});
