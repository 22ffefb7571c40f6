/** The webhook servers of config/examples/plugins, as they are, on real calls. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { PersonaScript } from '../../../src/farend/persona-script.js';
import { PluginStage } from '../plugin-stage.js';

const FOLDER = fileURLToPath(new URL('../../../config/examples/plugins/', import.meta.url));
const SECRET = 'known to both sides';
const LANGUAGES: Readonly<Record<string, readonly string[]>> = {
  TypeScript: [process.execPath, '--import', 'tsx', `${FOLDER}webhook.ts`, '0'],
  Python: ['python3', `${FOLDER}webhook.py`, '0'],
};

/** Answers like a person, and presses a key when the announcement is heard. */
const presses = (keys: string): PersonaScript => ({
  steps: [
    { step: 'answer' },
    { step: 'wait', ms: 250 },
    { step: 'say', what: { file: 'far-end/hello.wav' } },
    { step: 'hear', maxMs: 10_000 },
    { step: 'press', keys },
  ],
});

for (const [language, [command = '', ...args]] of Object.entries(LANGUAGES)) {
  describe(`the webhook sample in ${language}`, function () {
    this.timeout(90_000);
    let server: ChildProcess | undefined;
    let stage: PluginStage | undefined;

    before(async function () {
      if (spawnSync(command, ['--version']).status !== 0) {
        console.log(`      skipped: ${command} is not installed`);
        return this.skip();
      }
      server = spawn(command, args, {
        env: { ...process.env, WEBHOOK_SECRET: SECRET },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      assert.ok(server.stdout);
      const port = await new Promise<string>((resolve) => {
        createInterface({ input: server?.stdout ?? process.stdin }).once('line', (line) =>
          resolve(/(\d+)$/.exec(line)?.[1] ?? ''),
        );
      });
      const services = `services:
  sales:
    _plugin_on_dial_url: "http://127.0.0.1:${port}/"
    pluginRunner: webhook
    _plugin_on_dial_timeout: 30
    _max_dial_attempts: 1
`;
      stage = await PluginStage.open(services, `webhook: { secret: "${SECRET}" }\n`);
    });
    after(async () => {
      await stage?.close();
      server?.kill();
    });

    const ask = async (cast: Parameters<PluginStage['run']>[1]) => {
      assert.ok(stage);
      const outcome = await stage.run('sales', cast, {});
      const { steps } = outcome.story;
      return {
        ...outcome,
        because: steps.find(({ row }) => row.startsWith('reply.'))?.because ?? '',
      };
    };

    it('asks for a digit and routes, leaves a message, and says when to try again', async () => {
      assert.ok(stage);
      const [night, agent, machine, busy, noAnswer, gone] = await Promise.all([
        ask(presses('2')),
        ask(presses('1')),
        ask('voicemail-no-beep'),
        ask('busy'),
        ask('no-answer'),
        ask('hangs-up-during-treatment'),
      ]);
      assert.equal(night.reason, 'ROUTED_TO_RP', night.because);
      assert.equal(agent.reason, 'AGENT_CONNECTED', agent.because);
      assert.deepEqual(await stage.recognise(machine.heard[0], 'machine.wav'), ['machine.wav']);
      // One attempt is all there is: a retry past the limit cancels.
      for (const { because } of [machine, busy, noAnswer]) {
        assert.match(because, /action is retry/);
      }
      assert.match(gone.because, /retry \(interaction_deleted\)/);
      await stage.isQuiet();
    });

    it('answers nobody who does not know the secret', async () => {
      const url = stage?.dialback.config.services['sales']?.options.pluginOnDialUrl ?? '';
      const forged = {
        'dialback-signature': `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}`,
      };
      const body = JSON.stringify({ event: 'interaction.deleted' });
      for (const headers of [{}, forged]) {
        const response = await fetch(url, { method: 'POST', body, headers });
        assert.equal(response.status, 403);
      }
    });
  });
}
