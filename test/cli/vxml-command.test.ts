import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { registerVxmlCommand } from '../../src/cli/vxml-command.js';

const SAMPLES = new URL('../../config/examples/vxml/', import.meta.url);
const sample = (name: string): string => fileURLToPath(new URL(name, SAMPLES));
const CONFIRM = sample('confirm.vxml');

async function vxml(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  let exit = 0;
  const program = new Command().exitOverride();
  registerVxmlCommand(program, {
    terminal: {
      out: (line) => out.push(line),
      err: (line) => err.push(line),
      exit: (code) => (exit = code),
    },
  });
  await program.parseAsync(['node', 'dialback', 'vxml', ...args]);
  return { out: out.join('\n'), err: err.join('\n'), exit };
}

interface Outcome {
  readonly reply: { readonly action: string; readonly delayMs?: number } | null;
  readonly failure: { readonly code: string } | null;
  readonly event: { readonly name: string } | null;
  readonly steps: readonly { readonly atMs: number; readonly what: string }[];
}

const outcome = async (page: string, digits: string, ...more: string[]): Promise<Outcome> =>
  JSON.parse((await vxml('run', page, '--digits', digits, '--json', ...more)).out) as Outcome;

describe('dialback vxml run', () => {
  const table: readonly (readonly [string, string, number?])[] = [
    ['1', 'route_to_agent'],
    ['2', 'retry', 3_600_000],
    ['3', 'cancel'],
    ['9,1', 'route_to_agent'],
    ['-,-,-', 'retry', 3_600_000],
    ['9,9,9', 'retry', 3_600_000],
    ['hangup', 'retry', 600_000],
    ['~hangup', 'retry', 600_000],
  ];
  for (const [digits, action, delayMs] of table) {
    it(`confirm.vxml: ${digits} is ${action}`, async () => {
      const { reply, failure } = await outcome(CONFIRM, digits);
      assert.equal(failure, null);
      assert.equal(reply?.action, action);
      assert.equal(reply.delayMs, delayMs);
    });
  }

  it('later.vxml: a time, a message, its confirmation', async () => {
    const { reply, steps } = await outcome(sample('later.vxml'), '45#, speak:4000, 1');
    assert.equal(reply?.action, 'retry');
    assert.equal(reply.delayMs, 45 * 60_000);
    assert.ok(steps.some(({ what }) => what === 'record'));
  });

  it('later.vxml: asks again for a time that is too long, and for a message that was wrong', async () => {
    const digits = '999#, 30#, speak:1000, 2, speak:2000, 1';
    const { reply, steps } = await outcome(sample('later.vxml'), digits);
    assert.equal(reply?.delayMs, 30 * 60_000);
    assert.equal(steps.filter(({ what }) => what === 'record').length, 2);
  });

  it('prints what happens, in order, and the result', async () => {
    const { out, exit } = await vxml('run', CONFIRM, '--digits', '1');
    assert.equal(exit, 0);
    const lines = out.split('\n');
    const at = (part: string): number => lines.findIndex((line) => line.includes(part));
    assert.ok(at('confirm-ask.wav') < at('+1.000s  digits   1'));
    assert.ok(at('digits   1') < at('confirm-connect.wav'));
    assert.equal(lines.at(-1), '=> route_to_agent');
  });

  it('gives what came with the request', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dialback-vxml-'));
    const page = join(folder, 'page.vxml');
    writeFileSync(
      page,
      `<vxml version="2.1"><form><block><exit expr="{ action: 'retry', message: 'OK', customer_number: session._user_data.n, delay: session._dial_attempt }"/></block></form></vxml>`,
    );
    const { reply } = await outcome(page, '', '--user-data', '{"n":"5551234"}', '--attempt', '3');
    assert.deepEqual(reply, {
      action: 'retry',
      isInteractionDeleted: false,
      customerNumber: '5551234',
      delayMs: 3000,
      ignoredFields: [],
    });
    rmSync(folder, { recursive: true });
  });

  it('fails with a code: no page, no result, an error nobody caught', async () => {
    const missing = await vxml('run', sample('no.vxml'), '--digits', '1');
    assert.match(missing.err, /^VXML_BADFETCH: error\.badfetch/);
    assert.equal(missing.exit, 1);
    const root = await outcome(sample('later-root.vxml'), '1');
    assert.equal(root.failure?.code, 'REPLY_NOT_AN_OBJECT');
  });

  it('ends a page that is fetched again and again, by the clock on the wall', async () => {
    const server = createServer((_request, response) => {
      setTimeout(
        () =>
          response.end(
            '<vxml version="2.1"><form><block><submit next="/again"/></block></form></vxml>',
          ),
        100,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const page = `http://127.0.0.1:${port}/page`;
      const { err, exit } = await vxml('run', page, '--digits', '', '--max-seconds', '1');
      assert.match(err, /^REHEARSAL_TOO_LONG: .* 1 s of real time/);
      assert.equal(exit, 1);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('reads files, no pipes and devices', async () => {
    const { err, exit } = await vxml('run', '/dev/zero', '--digits', '');
    assert.match(err, /^VXML_BADFETCH: .*no file/);
    assert.equal(exit, 1);
  });

  it('refuses a list of keys that is none', async () => {
    const { err, exit } = await vxml('run', CONFIRM, '--digits', 'x');
    assert.match(err, /^CBD_WRONG_USE: --digits: "x" is neither/);
    assert.equal(exit, 2);
  });

  it('says where a blind transfer leads', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dialback-vxml-'));
    const page = join(folder, 'page.vxml');
    writeFileSync(
      page,
      '<vxml version="2.1"><form><transfer dest="tel:+1-555-0100"/></form></vxml>',
    );
    const { out, exit } = await vxml('run', page, '--digits', '1', '--json');
    const { reply } = JSON.parse(out) as { reply: { action: string; destination: string } };
    assert.equal(exit, 0);
    assert.deepEqual([reply.action, reply.destination], ['route_to_rp', '+15550100']);
    rmSync(folder, { recursive: true });
  });
});

describe('dialback vxml check', () => {
  for (const name of ['confirm.vxml', 'later.vxml', 'later-when.vxml', 'later-root.vxml']) {
    it(`finds nothing in ${name}`, async () => {
      assert.deepEqual(await vxml('check', sample(name)), {
        out: 'nothing is wrong with it',
        err: '',
        exit: 0,
      });
    });
  }

  it('lists what is wrong or not supported, with its line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dialback-vxml-'));
    const page = join(folder, 'page.vxml');
    writeFileSync(
      page,
      `<vxml version="2.1">
<form>
<block><goto/></block>
<field name="a"><grammar mode="voice" root="r"><rule id="r">yes</rule></grammar><prompt>Say yes.</prompt></field>
<field name="b" type="colour"/>
<object name="o"/>
<transfer dest="tel:1"/>
</form>
<menu><choice next="#x">news</choice><choice dtmf="1" next="#x">sports</choice></menu>
</vxml>`,
    );
    const { out, exit } = await vxml('check', page, '--json');
    assert.equal(exit, 1);
    const { ok, problems } = JSON.parse(out) as {
      ok: boolean;
      problems: { line: number; code: string; severity: string }[];
    };
    assert.equal(ok, false);
    assert.deepEqual(
      problems.map(({ line, code, severity }) => `${line} ${severity} ${code}`),
      [
        '3 error VXML_INVALID',
        '4 error VXML_VOICE_GRAMMAR',
        '4 warning VXML_NEEDS_SPEECH',
        '5 error VXML_UNKNOWN_TYPE',
        '6 error VXML_UNSUPPORTED_ELEMENT',
        '9 warning VXML_NO_KEY',
      ],
    );
    rmSync(folder, { recursive: true });
  });

  it('names what belongs to another platform, element by element and attribute by attribute', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dialback-vxml-'));
    const page = join(folder, 'page.vxml');
    const text = `<?xml version="1.0" encoding="UTF-16"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="en-US" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"
  xmlns:gvp="http://www.genesyslab.com/2006/vxml21-extension" gvp:root="1">
<form><block>
<prompt gvp:langexpr="'de-DE'"><audio src="a.wav"/></prompt>
<log gvp:level="5">x</log>
<gvp:send async="false" namelist="x"/>
</block></form>
</vxml>`;
    writeFileSync(page, Buffer.from(`\ufeff${text}`, 'utf16le'));
    const { out, exit } = await vxml('check', page);
    rmSync(folder, { recursive: true });
    assert.equal(exit, 0);
    assert.deepEqual(
      [...out.matchAll(/:(\d+):\d+: .*?(gvp:\w+)/g)].map(([, line, name]) => `${line} ${name}`),
      ['2 gvp:root', '5 gvp:langexpr', '6 gvp:level', '7 gvp:send'],
      out,
    );
  });
});
