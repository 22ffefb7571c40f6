/**
 * The far end against a caller that is nobody's work here: sipp, with its own SIP and RTP, also
 * while it loses messages on purpose. Skipped, saying so, where sipp is not installed.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mulaw } from 'alawmulaw';
import { startFarEnd, type FarEnd, type PersonaName } from '../../src/farend/far-end.js';
import { recognise } from '../../src/farend/recognise.js';
import { loadSounds, MEDIA, TREATMENTS } from './media.js';

const DEADLINE_MS = 9000;

/** An INVITE with sound, a conversation, a BYE. `%SOUND%` is replaced by a stream of mu-law. */
const TALK = `<?xml version="1.0" encoding="UTF-8" ?>
<scenario name="talk">
  <send retrans="100"><![CDATA[
    INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: sipp <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
    To: <sip:[service]@[remote_ip]:[remote_port]>
    Call-ID: [call_id]
    CSeq: 1 INVITE
    Contact: <sip:sipp@[local_ip]:[local_port]>
    Max-Forwards: 70
    Content-Type: application/sdp
    Content-Length: [len]

    v=0
    o=sipp 1 1 IN IP4 [local_ip]
    s=-
    c=IN IP4 [media_ip]
    t=0 0
    m=audio [rtpstream_audio_port] RTP/AVP 0
    a=rtpmap:0 PCMU/8000
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="200"/>
  <send><![CDATA[
    ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: sipp <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
    To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
    Call-ID: [call_id]
    CSeq: 1 ACK
    Contact: <sip:sipp@[local_ip]:[local_port]>
    Max-Forwards: 70
    Content-Length: 0
  ]]></send>
  <nop><action><exec rtp_stream="%SOUND%,1,0"/></action></nop>
  <pause milliseconds="1900"/>
  <send retrans="100"><![CDATA[
    BYE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: sipp <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
    To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
    Call-ID: [call_id]
    CSeq: 2 BYE
    Max-Forwards: 70
    Content-Length: 0
  ]]></send>
  <recv response="200"/>
</scenario>
`;

interface SippResult {
  readonly code: number | null;
  readonly errors: string;
}

async function sipp(folder: string, port: number, args: readonly string[]): Promise<SippResult> {
  const errorFile = join(folder, 'errors.log');
  const child = spawn(
    'sipp',
    [
      `127.0.0.1:${port}`,
      '-i',
      '127.0.0.1',
      '-nostdin',
      '-trace_err',
      '-error_file',
      errorFile,
    ].concat(args),
    { cwd: folder, stdio: 'ignore' },
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  return { code, errors: await readFile(errorFile, 'utf8').catch(() => '') };
}

describe('far end, called by sipp', () => {
  let folder: string;
  let farEnd: FarEnd;

  before(function () {
    if (spawnSync('sipp', ['-v']).error) {
      console.log('      skipped: sipp is not installed (apt install sip-tester)');
      this.skip();
    }
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farend-sipp-'));
  });

  afterEach(async () => {
    await farEnd?.stop();
    if (farEnd) {
      const { liveCalls, timers, sip } = farEnd.stats();
      assert.deepEqual([liveCalls, timers, sip.timers], [0, 0, 0]);
    }
    await rm(folder, { recursive: true });
  });

  async function start(persona: PersonaName): Promise<void> {
    farEnd = await startFarEnd({
      rules: () => persona,
      mediaDirectory: MEDIA,
      tempo: { ringMs: 50 },
      t1Ms: 50,
    });
  }

  it('hears the treatment that sipp plays', async () => {
    await start('silent');
    const [connect] = await loadSounds(['connect']);
    const beginning = connect!.pcm.subarray(0, 12_000);
    await writeFile(join(folder, 'connect.ulaw'), mulaw.encode(beginning));
    const scenario = TALK.replace('%SOUND%', join(folder, 'connect.ulaw'));
    await writeFile(join(folder, 'talk.xml'), scenario);
    const { code, errors } = await sipp(folder, farEnd.port, ['-sf', 'talk.xml', '-m', '1']);
    assert.equal(code, 0, errors);
    const [call] = farEnd.calls();
    assert.equal(call?.endedBy, 'caller');
    const [heard, ...others] = recognise(call.recording, await loadSounds(TREATMENTS));
    assert.equal(heard?.name, 'connect');
    assert.ok(
      Math.abs(heard.heardFraction - 12_000 / connect!.pcm.length) < 0.1,
      `${heard.heardFraction}`,
    );
    assert.deepEqual(others, []);
  });

  it('brings every call through while every tenth message is lost', async () => {
    await start('human');
    const args = ['-sn', 'uac', '-m', '20', '-r', '20', '-d', '300', '-lost', '10'];
    const { code, errors } = await sipp(folder, farEnd.port, args);
    assert.equal(code, 0, errors);
    assert.equal(farEnd.calls().length, 20);
    for (const call of farEnd.calls()) assert.ok(call.answeredAtMs !== undefined);
  });
});
