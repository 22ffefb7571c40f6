/**
 * The drachtio control protocol against a transcript of the real server. With
 * `DIALBACK_DRACHTIO=host:port,secret` the same is played against that server instead, which must
 * listen for SIP on UDP and TCP on an IPv4 address of this machine; `DIALBACK_RECORD=1` as well
 * records anew.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { randomInt } from 'node:crypto';
import { startEmbedded } from '../../src/embedded/index.js';
import { knownDifferences } from './drachtio-differences.js';
import { ScriptedPeer } from './drachtio-peer.js';
import { play, type Stage } from './drachtio-scenarios.js';
import { ControlConnection, Transcript, inOrder } from './drachtio-transcript.js';

const golden = new URL('./goldens/drachtio-real.txt', import.meta.url);
const page = new URL('../../docs/engines.md', import.meta.url);
/** Loopback addresses of our own, so that port 5060 is free on them. */
const loopback = (): string => `127.29.${randomInt(1, 255)}.${randomInt(1, 255)}`;

interface Server {
  readonly control: Stage['control'];
  readonly sipHost: string;
  readonly sipPort: number;
  stop(): Promise<void>;
}

async function embeddedServer(): Promise<Server> {
  const engine = await startEmbedded({ sipHost: loopback(), sipPort: 5060, t1Ms: 100 });
  return {
    control: engine.drachtio,
    sipHost: engine.sip.host,
    sipPort: 5060,
    stop: () => engine.stop(),
  };
}

async function realServer(setting: string): Promise<Server> {
  const [, host = '', port = '', secret = ''] = /^(.+):(\d+),(.+)$/.exec(setting) ?? [];
  const control = { host, port: Number(port), secret };
  const nowhere = new Transcript({ sipHost: 'none', sipPort: 5060, peerHost: 'none' });
  const probe = new ControlConnection('c', nowhere, control);
  const { fields } = await probe.ask(`authenticate|${secret}|`);
  probe.end();
  const [, sipHost = 'none', sipPort = '5060'] = /udp\/([\d.]+):(\d+)/.exec(fields[4] ?? '') ?? [];
  return { control, sipHost, sipPort: Number(sipPort), stop: () => Promise.resolve() };
}

const neutralise = (line: string): string =>
  knownDifferences.reduce((text, { neutralise: take }) => take?.(text) ?? text, line);

describe('The drachtio control protocol', () => {
  it('says what drachtio-server 0.9.10 says, but for the known differences', async () => {
    const setting = process.env['DIALBACK_DRACHTIO'];
    const server = setting ? await realServer(setting) : await embeddedServer();
    const peer = await new ScriptedPeer(loopback(), 5060).start();
    const transcript = new Transcript({
      sipHost: server.sipHost,
      sipPort: server.sipPort,
      peerHost: peer.host,
    });
    try {
      await play({ transcript, peer, control: server.control });
    } finally {
      await peer.stop();
      await server.stop();
    }
    if (setting && process.env['DIALBACK_RECORD']) {
      await writeFile(golden, `${transcript.lines.join('\n')}\n`);
    }
    const recorded = (await readFile(golden, 'utf8')).trimEnd().split('\n');
    assert.deepEqual(inOrder(transcript.lines).map(neutralise), inOrder(recorded).map(neutralise));
  }).timeout(20_000);

  it('has its known differences in docs/engines.md', async () => {
    const text = await readFile(page, 'utf8');
    for (const { what, why } of knownDifferences) {
      assert.ok(text.includes(`| ${what} | ${why} |`), what);
    }
  });
});
