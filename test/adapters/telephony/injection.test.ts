/**
 * What a document says must never be obeyed by FreeSWITCH: line breaks that would start a command of
 * their own on the event socket, and `${...}`, which it expands, API calls included. Each hostile text
 * would leave a mark, a file or a global variable; none may be there afterwards.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { access, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../src/adapters/clock/system-clock.js';
import { createMediaFiles } from '../../../src/adapters/media/media-files.js';
import { CALL_STATE } from '../../../src/callflow/call-state.js';
import { Comfort } from '../../../src/holder/comfort.js';
import { LiveCall } from '../../../src/holder/live-call.js';
import type { MediaEndpoint } from '../../../src/ports.js';
import { TreatmentPlayer } from '../../../src/treatment/treatment-player.js';
import { noNetwork } from '../../fakes/no-network.js';
import { useSite } from './site.js';

const SAID_WITHIN_MS = 10_000;
const MARK = join(tmpdir(), `dialback-mark-${randomUUID()}`);
const VARIABLE = `dialback_mark_${randomUUID().replaceAll('-', '')}`;

const HOSTILE = [
  `\${system(touch ${MARK})}`,
  `a\${system(touch ${MARK})}.wav`,
  `\${expr(1+1)}\${system touch ${MARK}}`,
  `%[${VARIABLE}=yes]a.wav`,
  `a.wav\n\napi global_setvar ${VARIABLE}=yes\n\n`,
  `a.wav\r\n\r\napi global_setvar ${VARIABLE}=yes\r\n\r\n`,
  `a.wav\nexecute-app-name: system\nexecute-app-arg: touch ${MARK}`,
  `a.wav!shell_stream://touch ${MARK}`,
  `file_string://a.wav!b.wav`,
  `{${VARIABLE}=yes}a.wav`,
  `http://127.0.0.1/\${system(touch ${MARK})}.wav`,
  `http://127.0.0.1/a.wav\r\n\r\napi global_setvar ${VARIABLE}=yes\r\n\r\n`,
  `http://127.0.0.1/a%0d%0a%0d%0aapi%20global_setvar%20${VARIABLE}=yes`,
];

describe('texts of documents and FreeSWITCH', function () {
  this.timeout(60_000);
  const site = useSite();
  after(() => rm(MARK, { force: true }));

  /** One conversation on FreeSWITCH's event socket. @returns all it said */
  async function say(...commands: readonly string[]): Promise<string> {
    const { host, port, secret } = site().engine.freeswitch;
    const socket = connect({ host, port });
    let said = '';
    socket.setEncoding('utf8').on('data', (text: string) => (said += text));
    socket.on('error', () => undefined);
    const all = [`auth ${secret}`, ...commands, 'exit'];
    socket.write(all.map((command) => `${command}\n\n`).join(''));
    await once(socket, 'close', { signal: AbortSignal.timeout(SAID_WITHIN_MS) });
    return said;
  }

  async function noMark(): Promise<void> {
    await assert.rejects(access(MARK), 'no file was made');
    const said = await say(`api global_getvar ${VARIABLE}`);
    assert.match(said, /api\/response/);
    assert.doesNotMatch(said, /yes/);
  }

  function lend(endpoint: MediaEndpoint): LiveCall {
    const clock = systemClock();
    const files = createMediaFiles({
      cacheDirectory: tmpdir(),
      fetcher: noNetwork,
    });
    const places = { directory: tmpdir(), packagedDirectory: tmpdir() };
    const player = new TreatmentPlayer(places, files, {
      onStarted: () => {},
      onOver: () => {},
      onEnded: () => {},
      onFailed: () => {},
    });
    return new LiveCall(
      {
        clock,
        files,
        places,
        lengthMs: () => Promise.resolve(undefined),
        endpoint: () => (endpoint.hasEnded ? undefined : endpoint),
        beforePlaying: () => Promise.resolve(),
        comfort: new Comfort(clock, player, () => undefined),
        silenceMaxMs: 60_000,
        hangUp: () => Promise.resolve(),
        note: () => {},
      },
      {
        interactionId: 'call',
        callId: 'call',
        callState: CALL_STATE.Ok,
        answeredBy: 'human',
        customerNumber: '1',
        dialedNumber: '1',
        callerId: undefined,
        requestUri: '',
        sipHeaders: {},
      },
      true,
    );
  }

  it('does nothing that a prompt’s name says', async () => {
    const call = await site().call();
    const held = lend(call.endpoint);
    for (const text of HOSTILE) {
      const asPrompt = await held.play([{ kind: 'file', file: text }]).done;
      assert.equal(asPrompt.kind, 'refused', text);
      for (const name of [text, `/tmp/${text}`]) {
        const end = await call.endpoint.play([name], { loop: false, isGapless: true }).done;
        assert.equal(end.kind, 'failed', name);
      }
    }
    await noMark();
    const file = await site().toneFile(600, 300);
    const end = await call.endpoint.play([file], { loop: false }).done;
    assert.equal(end.kind, 'ended', 'and the call is as it was');
    held.revoke('ended');
    await site().hangUp(call);
  });

  it('does nothing that a text to be read out says', async () => {
    const call = await site().call();
    for (const text of HOSTILE) {
      const spoken = call.endpoint.play([`say:${text}`], { loop: false, isGapless: true });
      await sleep(200);
      await spoken.stop();
      await spoken.done;
    }
    await noMark();
    await site().hangUp(call);
  });

  it('does nothing that a number, a name or a header says', async () => {
    const far = await site().far();
    for (const text of HOSTILE) {
      const headers = { 'X-User-Data': text };
      for (const request of [{ callerId: text }, { callerName: text }, { headers }]) {
        const call = site().invite(far, request);
        const outcome = await call.outcome;
        if (outcome.kind === 'answered') await outcome.dialog.bye('test over');
      }
    }
    await noMark();
    for (const { headers } of far.received) {
      for (const [, value] of headers) assert.doesNotMatch(value, /\$\{|[\r\n]/);
    }
  });

  it('does not even expand what reached it past us: the channel is told not to', async () => {
    const call = await site().call();
    const { id } = call.endpoint;
    await call.endpoint.play([await site().toneFile(600, 100)], { loop: false }).done;
    const execute = (argument: string) =>
      `sendmsg ${id}\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: ${argument}`;
    await say(execute(`/tmp/\${system(touch ${MARK})}.wav`));
    const said = await say(`api uuid_getvar ${id} app_disable_expand_variables`);
    assert.match(said, /true/);
    await noMark();
    await site().hangUp(call);
  });
});
