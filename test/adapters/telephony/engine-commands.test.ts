import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectTelephony } from '../../../src/adapters/telephony/connect.js';
import { examineSites } from '../../../src/adapters/telephony/examine.js';
import { ENGINE_COMMANDS } from '../../../src/adapters/telephony/engine-commands.js';
import { sanitise } from '../../../src/adapters/telephony/sanitise.js';
import { FREESWITCH_SUBSET } from '../../../src/embedded/freeswitch/server.js';
import { FaultProxy, freePort } from '../../sip/fault-proxy.js';
import { eventually, useSite } from './site.js';
import { TapEar } from './tap-ear.js';

/** A tap by recording and the watch for media; tests of their own run them. */
const ONLY_WHEN_ASKED_FOR = new Set<string>([...['uuid_record', 'uuid_set_media_stats']]);

/** Everything asked of the media server, by kind, as seen on the wire. */
class Wiretap {
  readonly #seen = new Map<string, Set<string>>();
  #rest = '';

  hear(text: string): void {
    // Names stand alone on a line; what is not a whole line yet waits.
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const [word = '', second = ''] = line.split(' ');
      if (/^[a-z]+$/.test(word)) this.#note('eslCommands', word);
      if (word === 'api') this.#note('apis', second);
      if (word === 'execute-app-name:') this.#note('applications', second);
      if (word === 'call-command:') this.#note('callCommands', second);
      const inline = / (\w+) inline$/.exec(line)?.[1];
      if (inline) this.#note('applications', inline);
    }
  }

  names(kind: keyof typeof ENGINE_COMMANDS): string[] {
    return [...(this.#seen.get(kind) ?? [])].sort();
  }

  #note(kind: string, name: string): void {
    this.#seen.set(kind, (this.#seen.get(kind) ?? new Set()).add(name));
  }
}

describe('the list of engine commands', function () {
  this.timeout(60_000);
  const site = useSite();

  it('names nothing that the embedded engine does not implement', () => {
    const kinds = ['apis', 'applications', 'callCommands', 'eslCommands', 'fileFormats'] as const;
    for (const kind of kinds) {
      const implemented = new Set<string>(FREESWITCH_SUBSET[kind]);
      assert.deepEqual(
        ENGINE_COMMANDS[kind].filter((name) => !implemented.has(name)),
        [],
        kind,
      );
    }
  });

  it('field notes 4: playCollect, uuid_broadcast, endless_playback, loop_playback; not among them', () => {
    const names: string[] = [...ENGINE_COMMANDS.apis, ...ENGINE_COMMANDS.applications];
    for (const name of [
      ...['play_and_get_digits', 'flush_dtmf', 'uuid_broadcast', 'http_get'],
      ...['endless_playback', 'loop_playback', 'playback_timeout_sec'],
    ]) {
      assert.ok(!names.includes(name), name);
    }
  });

  it('field notes 4: http_cache, httapi, local_stream, tone_stream, seekOffset, timeoutSecs; nobody can ask for them', () => {
    for (const name of [
      ...['http_cache://http://127.0.0.1/a.wav', 'httapi://127.0.0.1/a.wav'],
      ...['local_stream://moh', 'tone_stream://%(500,0,800)', 'file_string:///a.wav!/b.wav'],
      ...['/a.wav@@16000', '{timeout=2000}/a.wav', '{playback_timeout_sec=2}/a.wav'],
    ]) {
      assert.equal(sanitise('play-file', name).ok, false, name);
    }
    assert.equal(sanitise('play-file', '/a.wav').ok, true);
  });

  it('is exactly what a whole call, a ping, a clean-up and a look at the servers send', async () => {
    const options = { ...site().options(), ownerId: 'a'.repeat(32) };
    const wiretap = new Wiretap();
    const listenPort = await freePort();
    const drachtio = await FaultProxy.open(options.drachtio);
    const freeswitch = await FaultProxy.open(options.freeswitch);
    const outbound = await FaultProxy.open({ host: '127.0.0.1', port: listenPort });
    freeswitch.onPass = (chunk, towards) => towards && wiretap.hear(chunk);
    outbound.onPass = (chunk, towards) => !towards && wiretap.hear(chunk);
    const telephony = await connectTelephony({
      ...options,
      drachtio: { ...options.drachtio, port: drachtio.port },
      freeswitch: {
        ...options.freeswitch,
        port: freeswitch.port,
        listen: `127.0.0.1:${listenPort}`,
        advertise: `127.0.0.1:${outbound.port}`,
      },
      deadlines: { pingMs: 100, byeMs: 500 },
    });

    const far = await site().far();
    const [a, b] = [await telephony.media.createEndpoint(), await telephony.media.createEndpoint()];
    const call = telephony.sip.invite({ uri: far.uri, callId: randomUUID(), localSdp: a.localSdp });
    const outcome = await call.outcome;
    assert.ok(outcome.kind === 'answered');
    await a.connect(outcome.dialog.remoteSdp);
    await b.connect(outcome.dialog.remoteSdp);
    const ear = await TapEar.open();
    const forked = await a.tap(ear);
    await forked.stop();
    // Where mod_audio_fork does not reach us unicast takes over.
    ear.fork = { port: 9, path: '/nobody' };
    const tap = await a.tap(ear);
    await eventually(() => assert.equal(tap.kind, 'unicast'));
    await tap.stop();
    ear.close();
    const playback = a.play([await site().toneFile(500, 300)], { loop: true });
    await sleep(200);
    await playback.stop();
    telephony.media.expectBridge(b);
    const covering = b.play([await site().toneFile(500, 300)], { loop: true });
    await eventually(() => assert.ok(wiretap.names('apis').includes('expand')));
    const side = await telephony.media.createEndpoint({ beside: b });
    await covering.stop();
    await side.close();
    await a.bridge(b);
    await a.unbridge();
    await outcome.dialog.bye('done');
    await a.close();
    drachtio.cut();
    await b.close();
    await eventually(() => assert.equal(telephony.sip.isConnected, true));
    await telephony.close();
    const { log, clock } = options;
    const server = { profile: 'drachtio_mrf', ...options.freeswitch, port: freeswitch.port };
    const sites = [{ name: 'only', drachtio: options.drachtio, freeswitch: [server] }];
    await examineSites(sites, { log, clock, sharedFile: '/' });
    await eventually(() => assert.equal(freeswitch.connectionCount, 0));

    for (const kind of ['apis', 'applications', 'callCommands', 'eslCommands'] as const) {
      const listed = ENGINE_COMMANDS[kind].filter((name) => !ONLY_WHEN_ASKED_FOR.has(name));
      assert.deepEqual(wiretap.names(kind), listed.sort(), kind);
    }
    for (const proxy of [drachtio, freeswitch, outbound]) proxy.close();
  });
});
