import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../src/adapters/log.js';
import { systemClock } from '../../src/adapters/clock/system-clock.js';
import { connectTelephony } from '../../src/adapters/telephony/connect.js';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

function startEngine(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['--import', 'tsx', CLI, 'engine', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const lines = createInterface(child.stdout);
  return { child, lines, exit: once(child, 'exit'), errors: () => errors };
}

describe('dialback engine', function () {
  this.timeout(20_000);

  it('prints addresses that the adapters can connect to, and ends on SIGTERM', async () => {
    const { child, lines, exit } = startEngine(['--json'], {
      DIALBACK_DRACHTIO_SECRET: 'chosen by us',
    });
    const [line] = (await once(lines, 'line')) as [string];
    const { sip, drachtio, freeswitch } = JSON.parse(line) as Record<
      'sip' | 'drachtio' | 'freeswitch',
      { host: string; port: number; secret: string }
    >;
    assert.ok(sip.port > 0);
    assert.equal(drachtio.secret, 'chosen by us');
    assert.match(freeswitch.secret, /^[0-9a-f]{32}$/);
    const shared = { log: silentLog, clock: systemClock() };
    const telephony = await connectTelephony({ drachtio, freeswitch, ...shared });
    assert.ok(telephony.sip.isConnected && telephony.media.isConnected);
    await telephony.close();
    child.kill('SIGTERM');
    assert.deepEqual(await exit, [0, null]);
  });

  it('prints what a configuration file needs to point to it', async () => {
    const { child, lines, exit } = startEngine([]);
    const printed: string[] = [];
    lines.on('line', (line) => printed.push(line));
    while (printed.length < 4) await sleep(20);
    assert.match(printed[0] ?? '', /^# SIP on 127\.0\.0\.1:\d+\/udp$/);
    assert.equal(printed[1], 'engine: servers');
    assert.match(
      printed[2] ?? '',
      /^drachtio: \{ host: 127\.0\.0\.1, port: \d+, secret: "\w+" \}$/,
    );
    assert.match(printed[3] ?? '', /^freeswitch: \[\{ host: .* \}\]$/);
    child.kill('SIGTERM');
    assert.deepEqual(await exit, [0, null]);
  });

  it('refuses an address that is none', async () => {
    const { exit, errors } = startEngine(['--sip', 'example.com:5060']);
    assert.deepEqual(await exit, [2, null]);
    assert.match(errors(), /--sip example\.com:5060: not an IPv4 address and port/);
  });
});
