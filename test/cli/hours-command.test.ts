import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { registerHoursCommand } from '../../src/cli/hours-command.js';
import type { DialReport } from '../../src/schedule/dial-report.js';

const YAML = `
officeHours:
  berlin: { timezone: Europe/Berlin, weekly: [Mon-Fri 08:00-18:00], holidays: [2026-01-19] }
queues: { support: { targets: [ { uri: "sip:support@pbx.example.net" } ] } }
services:
  sales:
    queue: support
    _default_country: DE
    _business_hours_service: berlin
    callingWindow: [Mon-Sat 09:00-20:00]
  open: { queue: support }
`;
/** A Friday, three in the morning in Berlin. */
const NOW_MS = Date.parse('2026-01-16T02:00Z');

describe('hours', () => {
  let folder: string;
  let config: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dialback-hours-'));
    config = join(folder, 'dialback.yaml');
    await writeFile(config, YAML);
  });
  after(() => rm(folder, { recursive: true }));

  async function run(...args: string[]) {
    const lines: string[] = [];
    let exitCode = 0;
    const program = new Command('dialback').exitOverride();
    const write = (line: string) => void lines.push(line);
    const exit = (code: number) => void (exitCode = code);
    const terminal = { out: write, err: write, exit };
    registerHoursCommand(program, { terminal, nowMs: () => NOW_MS });
    await program.parseAsync(['node', 'dialback', 'hours', ...args, '--config', config]);
    return { text: lines.join('\n'), exitCode };
  }
  const report = async (...args: string[]): Promise<DialReport> =>
    JSON.parse((await run('--service', 'sales', '--json', ...args)).text) as DialReport;

  it('says at three in the morning that nobody is to be called, why, and when', async () => {
    const { text, exitCode } = await run('--service', 'sales', '--number', '030 123456');
    assert.equal(exitCode, 1);
    assert.equal(
      text,
      [
        'no: +4930123456 may not be dialled for sales at 2026-01-16T02:00:00.000Z',
        '  _business_hours_service berlin is closed, callingWindow is closed in Europe/Berlin',
        '  office berlin: closed until 2026-01-16T07:00:00.000Z',
        '    Fri 2026-01-16 03:00  Europe/Berlin',
        '  calling window, zone by country: closed until 2026-01-16T08:00:00.000Z',
        '    Fri 2026-01-16 03:00  Europe/Berlin',
        'next: 2026-01-16T08:00:00.000Z',
      ].join('\n'),
    );
  });

  it('takes another moment, another zone, and a holiday into account', async () => {
    const open = await report('--number', '+4930123456', '--at', '2026-01-16T10:00+01:00');
    assert.equal(open.mayDial, true);
    assert.equal(open.nextAt, open.at);
    const tokyo = await report(
      ...['--number', '+4930123456', '--at', '2026-01-16T10:00+01:00', '--timezone', 'Asia/Tokyo'],
    );
    assert.equal(tokyo.window?.by, 'option');
    assert.equal(tokyo.window?.localTimes['Asia/Tokyo'], 'Fri 2026-01-16 18:00');
    const evening = await report('--at', '2026-01-16T18:00+01:00');
    // Monday is a holiday.
    assert.equal(evening.nextAt, '2026-01-20T07:00:00.000Z');
    assert.equal(evening.window, null);
  });

  it('shows every zone in which a number can be, and that the window has to hold in all', async () => {
    const { window, nextAt } = await report('--number', '+61412345678');
    assert.ok(Object.keys(window?.localTimes ?? {}).length > 3);
    assert.equal(window?.by, 'country');
    // Open in all of Australia when it is night in Berlin: never together this week.
    assert.notEqual(nextAt, window?.opensAt);
  });

  it('says yes for a service without hours', async () => {
    const { text, exitCode } = await run('--service', 'open', '--number', '+4930123456');
    assert.equal(exitCode, 0);
    assert.match(text, /^yes: .*\n {2}nothing is closed\n {2}office: always open\n.*at any time$/);
  });

  for (const [flags, code] of [
    [['--service', 'sale'], /CBD_UNKNOWN_SERVICE: no service "sale"; did you mean sales\?/],
    [['--service', 'sales', '--at', 'noon'], /CBD_BAD_TIME/],
    [['--service', 'sales', '--number', 'abc'], /CBD_BAD_NUMBER/],
    [['--service', 'sales', '--timezone', 'CET'], /CBD_BAD_ZONE/],
  ] as const) {
    it(`refuses ${flags.join(' ')}`, async () => {
      const { text, exitCode } = await run(...flags);
      assert.match(text, code);
      assert.equal(exitCode, 2);
    });
  }
});
