/**
 * Plugins that are broken or mean, on real calls: each ends within its limits with a code of its own, the
 * callback goes the configured way, and others notice nothing.
 */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PluginStage, type Outcome } from './plugin-stage.js';
import { post } from './plugin-servers.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Ways to answer a webhook, and the code the callback ends with. */
const ANSWERS: Readonly<Record<string, readonly [Answer, RegExp]>> = {
  'a gigabyte': [
    (_request, response) => {
      response.writeHead(200, { 'content-length': String(1024 ** 3) });
      const send = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 'a')));
        if (!response.destroyed) response.once('drain', send);
      };
      send();
    },
    /FETCH_TOO_LARGE/,
  ],
  'a redirect': [
    (request, response) => response.writeHead(307, { location: request.url }).end(),
    /WEBHOOK_REFUSED.*307/,
  ],
  'no such page': [(_request, response) => response.writeHead(404).end(), /WEBHOOK_REFUSED.*404/],
  'half an answer': [
    (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"action":"can');
      setImmediate(() => response.destroy());
    },
    /FETCH_BROKEN|no reply in time/,
  ],
  'no HTTP': [
    (request) => request.socket.end('SMTP ready\r\n\r\n'),
    /FETCH_BROKEN|no reply in time/,
  ],
  'half a reply': [
    (_request, response) => response.end('{"action":"cancel","mess'),
    /WEBHOOK_BAD_REPLY: REPLY_NOT_AN_OBJECT/,
  ],
  'an unknown action': [
    (_request, response) => response.end('{"action":"explode","message":"OK"}'),
    /WEBHOOK_BAD_REPLY: REPLY_UNKNOWN_ACTION/,
  ],
  'a number to dial for money': [
    (_request, response) =>
      response.end('{"action":"retry","message":"OK","customer_number":"+44 906 000 0000"}'),
    /WEBHOOK_BAD_REPLY: REPLY_NUMBER_REFUSED/,
  ],
  nothing: [(_request, response) => response.writeHead(202).end(), /no reply in time/],
};

describe('plugins that are broken or mean, on real calls', function () {
  this.timeout(120_000);
  let mean: Server;
  let stage: PluginStage;

  before(async () => {
    mean = createServer((request, response) => {
      const name = decodeURIComponent((request.url ?? '').slice(1));
      const [answer] = ANSWERS[name] ?? [];
      request.resume().on('end', () => answer?.(request, response));
    });
    await new Promise<void>((done) => mean.listen(0, '127.0.0.1', done));
    const at = `http://127.0.0.1:${(mean.address() as AddressInfo).port}`;
    const services = Object.keys(ANSWERS).map(
      (name, index) =>
        `  mean-${index}: { _plugin_on_dial_url: "${at}/${encodeURIComponent(name)}" }\n`,
    );
    stage = await PluginStage.open(`  pluginRunner: webhook
  _plugin_on_dial_timeout: 4
services:
${services.join('')}  honest: { _plugin_on_dial_url: HOOK, _plugin_on_dial_timeout: 20 }
  silent:
    _plugin_on_dial_url: "${at}/nothing"
    humanSilenceMaxMs: 1000
    pluginComfort: waiting.wav
    pluginTimeoutTreatment: find-agent-fail.wav
  builtin: { _plugin_on_dial_url: "${at}/no%20such%20page", onPluginError: builtin }
  away: { _plugin_on_dial_url: "http://127.0.0.1:9/plugin", onPluginError: builtin }
`);
  });
  after(async () => {
    await stage.close();
    mean.closeAllConnections();
    await new Promise((done) => mean.close(done));
  });

  const becauseOf = ({ story }: Outcome): string => {
    const failed = story.steps.find(({ row }) => row.startsWith('no-reply.'));
    return failed?.because ?? '';
  };

  it('ends with a code of its own, whatever the webhook answers', async () => {
    const names = Object.keys(ANSWERS);
    await Promise.all(
      names.map(async (name, index) => {
        const outcome = await stage.run(`mean-${index}`, 'busy', {});
        assert.equal(outcome.reason, 'FAIL_ERROR', name);
        assert.match(becauseOf(outcome), ANSWERS[name]?.[1] ?? /never/, name);
      }),
    );
    await stage.isQuiet();
  });

  it('never lets a customer hear dead air, and apologises when no reply comes', async () => {
    const outcome = await stage.run('silent', 'human', {});
    assert.equal(outcome.reason, 'FAIL_ERROR');
    assert.match(becauseOf(outcome), /_plugin_on_dial_timeout is 4 s/);
    const names = ['waiting.wav', 'find-agent-fail.wav'];
    const heard = await stage.recognise(outcome.heard[0], ...names);
    // A late packet parts a sound in two for who recognises it.
    assert.deepEqual([...new Set(heard)], names);
    const played = outcome.story.media.filter(({ what }) => what === 'play');
    assert.deepEqual(
      played.map(({ detail }) => detail),
      ['waiting.wav, in a loop', 'find-agent-fail.wav'],
    );
    await stage.isQuiet();
  });

  it('goes on without the plugin where onPluginError is builtin', async () => {
    const [refused, away] = await Promise.all([
      stage.run('builtin', 'human', {}),
      stage.run('away', 'human', {}),
    ]);
    assert.equal(refused.reason, 'AGENT_CONNECTED');
    assert.match(becauseOf(refused), /WEBHOOK_REFUSED/);
    assert.equal(away.reason, 'AGENT_CONNECTED');
    assert.match(becauseOf(away), /FETCH_UNREACHABLE|no reply in time/);
    await stage.isQuiet();
  });

  it('takes no forged, malformed, huge, second or late reply', async () => {
    stage.plugin.scripts.set('honest', async (hands) => {
      const url = String(hands.parameters['_reply_url']);
      const good = new URLSearchParams({ action: 'retry', message: 'OK' });
      const forged = url.replace(/[^/]+\/reply$/, 'AAAAAAAAAAAAAAAAAAAAAA/reply');
      assert.equal((await post(forged, good))[0], 404);
      assert.equal((await post(url.replace(/plugin\/[^/]+/, 'plugin/nobody'), good))[0], 404);
      assert.equal((await fetch(url)).status, 404, 'a GET changes nothing');
      assert.equal((await post(url, '{"action":'))[0], 400);
      assert.equal((await post(url, '[]'))[0], 400);
      assert.equal((await post(url, '{"__proto__":{"action":"cancel","message":"OK"}}'))[0], 400);
      const [huge, body] = await post(url, JSON.stringify({ action: 'a'.repeat(1e6) }));
      assert.deepEqual([huge, body['error']], [413, 'REPLY_TOO_LONG']);
      const [none] = await post(`${String(url).replace(/reply$/, 'call')}/play`, '{}');
      assert.equal(none, 409);
      await hands.reply({ action: 'cancel', message: 'OK' });
      assert.equal((await hands.reply({ action: 'retry', message: 'OK' }))[0], 409);
    });
    const outcome = await stage.run('honest', 'busy', { case: 'honest' });
    assert.equal(outcome.reason, 'CANCELLED');
    const url = String(stage.plugin.received.at(-1)?.fields['_reply_url']);
    const [late, body] = await post(url, new URLSearchParams({ action: 'retry', message: 'OK' }));
    assert.deepEqual([late, body['error']], [409, 'REPLY_TOO_LATE']);
    await stage.isQuiet();
  });

  it('writes no token into the log', () => {
    const tokens = stage.plugin.received.map(({ fields }) =>
      String(fields['_reply_url']).split('/').at(-2),
    );
    for (const line of stage.warnings) {
      for (const token of tokens) assert.ok(!line.includes(token ?? '-'), line);
    }
    assert.ok(stage.warnings.some((line) => line.includes('without effect')));
  });
});
