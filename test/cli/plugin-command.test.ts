import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { registerPluginCommand } from '../../src/cli/plugin-command.js';

const MENU = fileURLToPath(new URL('../../config/examples/plugins/menu.scxml', import.meta.url));

async function plugin(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  let exit = 0;
  const program = new Command().exitOverride();
  registerPluginCommand(program, {
    terminal: {
      out: (line) => out.push(line),
      err: (line) => err.push(line),
      exit: (code) => (exit = code),
    },
  });
  await program.parseAsync(['node', 'dialback', 'plugin', ...args]);
  return { out: out.join('\n'), err: err.join('\n'), exit };
}

describe('dialback plugin run', () => {
  it('prints what happens, in order, and the reply', async () => {
    const { out, exit } = await plugin('run', MENU, '--answer', 'human', '--event', '2@3s');
    assert.equal(exit, 0);
    const lines = out.split('\n');
    const at = (part: string): number => lines.findIndex((line) => line.includes(part));
    assert.ok(at('-> call waiting') < at('call    play connect.wav'));
    assert.ok(at('play connect.wav') < at('+3.000s  call    the customer presses 2'));
    assert.ok(at('presses 2') < at('call    detach'));
    assert.ok(
      at('call    detach') < at('reply   {"action":"route_to_rp","message":"after-hours"}'),
    );
    assert.equal(lines.at(-1), '=> route_to_rp after-hours');
  });

  it('prints one JSON document', async () => {
    const { out } = await plugin('run', MENU, '--answer', 'no-answer', '--json');
    const document = JSON.parse(out) as Record<string, unknown> & {
      steps: { atMs: number; what: string; detail: string }[];
      states: string[];
    };
    assert.deepEqual(document.reply, {
      action: 'retry',
      isInteractionDeleted: false,
      delayMs: 3_600_000,
      ignoredFields: [],
    });
    assert.equal(document.failure, null);
    assert.deepEqual(document.steps[0], { atMs: 0, what: 'sent', detail: 'plugin.start' });
    assert.ok(document.states.includes('later'));
  });

  it('is the same twice', async () => {
    const once = await plugin('run', MENU, '--answer', 'human', '--json');
    assert.deepEqual(await plugin('run', MENU, '--answer', 'human', '--json'), once);
  });

  it('takes a page from a web server, and none from another', async () => {
    const server = createServer((request, response) => {
      response.end(
        request.url === '/page'
          ? `<scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0"><script src="http://127.0.0.2:1/x.js"/><state id="s"/></scxml>`
          : '',
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const url = `http://127.0.0.1:${port}/page`;
      const { err, exit } = await plugin('run', url, '--answer', 'human');
      assert.match(err, /^FETCH_NOT_ALLOWED: .*x\.js/);
      assert.equal(exit, 1);
    } finally {
      server.close();
    }
  });

  it('says what is wrong in a script, a condition and a request that the page does not listen for', async () => {
    const page = inFile(`<scxml version="1.0" profile="ecmascript" initial="s"><state id="s">
      <onentry><script>nothing.at.all();</script></onentry><onentry><send target="nowhere" event="'x'"/></onentry>
      <transition event="interaction.present" cond="missing == 1" target="s"/></state></scxml>`);
    const { out } = await plugin('run', page.path, '--answer', 'human', '--ttl', '5');
    page.remove();
    const errors = out.split('\n').filter((line) => / error {3}/.test(line));
    assert.equal(errors.length, 3);
    assert.match(errors[0] ?? '', /error\.execution: .*:2: .*nothing/);
    assert.match(errors[1] ?? '', /error\.execution: .*nowhere/);
    assert.match(errors[2] ?? '', /error\.execution: .*:3: .*missing/);
  });

  it('ends a page that never replies when its time is over', async () => {
    const page = inFile('<scxml version="1.0"><state id="s"/></scxml>');
    const { err, exit } = await plugin('run', page.path, '--answer', 'busy', '--ttl', '5');
    page.remove();
    assert.equal(err, 'PLUGIN_TIMEOUT: no reply within 5 s');
    assert.equal(exit, 1);
  });

  it('ends a page that waits for an answer that never comes, by the clock on the wall', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const url = `http://127.0.0.1:${port}/page`;
      const { err, exit } = await plugin('run', url, '--answer', 'human', '--max-seconds', '1');
      assert.match(err, /^REHEARSAL_TOO_LONG: .* 1 s of real time/);
      assert.equal(exit, 1);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  describe('with a page of VoiceXML that the plugin starts', () => {
    const page =
      inFile(`<scxml version="1.0" initial="asks" xmlns:dialog="www.genesyslab.com/modules/dialog"
        xmlns:session="www.genesyslab.com/modules/session">
      <state id="asks">
        <transition event="interaction.present"><dialog:start type="'applid'"><param name="APP_URI" expr="'ask.vxml'"/></dialog:start></transition>
        <transition event="dialog.start.done" target="tells"/>
        <transition event="error.dialog.start" target="failed"/>
        <transition event="interaction.deleted" target="gone"/>
      </state>
      <state id="tells"><onentry><session:fetch srcexpr="_data._reply_url" method="'post'">
        <param name="action" expr="'retry'"/><param name="message" expr="'OK'"/>
        <param name="delay" expr="_event.data.extensions.wanted"/></session:fetch></onentry></state>
      <state id="gone"><onentry><session:fetch srcexpr="_data._reply_url" method="'post'">
        <param name="action" expr="'cancel'"/><param name="message" expr="'interaction_deleted'"/></session:fetch></onentry></state>
      <final id="failed"/></scxml>`);
    writeFileSync(
      join(page.path, '..', 'ask.vxml'),
      `<vxml version="2.1"><form><field name="wanted" type="digits?length=2"><prompt>How many seconds?</prompt>
        <filled><exit namelist="wanted"/></filled></field></form></vxml>`,
    );
    after(() => page.remove());
    const run = (...args: string[]) => plugin('run', page.path, '--answer', 'human', ...args);

    it('the customer presses what --digits says', async () => {
      const { out, exit } = await run('--digits', '-,45', '--json');
      const { reply, steps } = JSON.parse(out) as {
        reply: { action: string; delayMs: number };
        steps: { what: string; detail: string }[];
      };
      assert.equal(exit, 0);
      assert.deepEqual([reply.action, reply.delayMs], ['retry', 45_000]);
      const said = steps.filter(({ what }) => what === 'page').map(({ detail }) => detail);
      assert.equal(said.filter((one) => one === 'prompt How many seconds?').length, 2);
      assert.ok(said.includes('digits 45'));
    });

    it('keys of --event are heard, too', async () => {
      const { out } = await run('--event', '30@2s');
      assert.match(out, /=> retry$/);
      assert.match(out, /"delay":"?30/);
    });

    for (const args of [
      ['--digits', 'hangup'],
      ['--event', 'hangup@2s'],
    ]) {
      it(`tells the plugin of the end of the call: ${args.join(' ')}`, async () => {
        const { out, exit } = await run(...args);
        assert.match(out, /=> cancel$/);
        assert.equal(exit, 0);
      });
    }
  });

  it('draws the chart with what was visited', async () => {
    const { out } = await plugin('run', MENU, '--answer', 'busy', '--diagram', 'svg');
    assert.match(out, /^<svg /);
    assert.match(out, /class="box state visited"[^>]*><title>later</);
    assert.match(out, /class="box state"[^>]*><title>menu</);
  });

  for (const [what, args] of [
    ['an answer nobody gives', ['--answer', 'maybe']],
    ['an event without a time', ['--answer', 'human', '--event', 'hangup']],
    ['an attempt that is no number', ['--answer', 'human', '--attempt', 'x']],
    ['a picture of another kind', ['--answer', 'human', '--diagram', 'png']],
    ['keys that are none', ['--answer', 'human', '--digits', 'x']],
    ['no time at all', ['--answer', 'human', '--max-seconds', '0']],
    ['user data that are no object', ['--answer', 'human', '--user-data', '[1]']],
  ] as const) {
    it(`says what is wrong with ${what}`, async () => {
      const { err, exit } = await plugin('run', MENU, ...args);
      assert.match(err, /^CBD_WRONG_USE: /);
      assert.equal(exit, 2);
    });
  }
});

describe('dialback plugin check', () => {
  it('finds nothing wrong with the samples', async () => {
    const folder = join(MENU, '..');
    for (const sample of [
      'menu.scxml',
      'interaction-deleted.scxml',
      'machine-message.scxml',
      'retry-policy.scxml',
      'composer/src-gen/IPD_callback_Entry.scxml',
    ]) {
      const { out, exit } = await plugin('check', join(folder, sample));
      assert.equal(out, 'nothing is wrong with it', sample);
      assert.equal(exit, 0);
    }
  });

  it('lists by place what is not supported', async () => {
    const page = inFile(`<scxml version="1.0" xmlns:dialog="www.genesyslab.com/modules/dialog">
      <state id="s"><onentry><dialog:juggle/><log expr="1 +"/></onentry></state></scxml>`);
    const { out, exit } = await plugin('check', page.path);
    const json = await plugin('check', page.path, '--json');
    page.remove();
    assert.equal(exit, 1);
    const lines = out.split('\n');
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? '', /page\.scxml:2:\d+: error SCXML_UNKNOWN_ELEMENT: <dialog:juggle>/);
    const document = JSON.parse(json.out) as { ok: boolean; problems: { line: number }[] };
    assert.equal(document.ok, false);
    assert.deepEqual(
      document.problems.map(({ line }) => line),
      [2, 2],
    );
  });

  it('draws the chart', async () => {
    const { out } = await plugin('check', MENU, '--diagram', 'mermaid');
    assert.match(out, /^stateDiagram-v2\n {2}\[\*\] --> s1\n/);
    assert.match(out, /interaction\.deleted/);
  });

  it('says that a page is not there', async () => {
    await assert.rejects(plugin('check', '/nowhere/at-all.scxml'), /SCXML_FETCH_FAILED/);
    const { err, exit } = await plugin('run', '/nowhere/at-all.scxml', '--answer', 'human');
    const said = 'FETCH_UNREACHABLE: file:///nowhere/at-all.scxml: no such file';
    assert.deepEqual([err, exit], [said, 1], 'the code once');
  });
});

function inFile(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'dialback-plugin-'));
  const path = join(folder, 'page.scxml');
  writeFileSync(path, text);
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}
