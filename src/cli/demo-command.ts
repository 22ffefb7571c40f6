/**
 * `dialback demo`: every kind of answer once, on real SIP and RTP, in about half a minute. Exit code
 * 1 when anything on the wire differs from the decision table.
 */
import { join } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../adapters/clock/system-clock.js';
import type { DialbackConfig } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { castParts, runDemo, type DemoRow, type DemoStory, type Part } from '../demo/run-demo.js';
import {
  screen,
  storyHead,
  storyLine,
  table,
  wrap,
  type Screen,
  type TableRow,
} from '../demo/story.js';
import { printConfigError } from './check-command.js';
import { PACKAGE_DIRECTORY, productVersion } from './version.js';

/** As a shell reports a program that SIGINT ended. */
const EXIT_INTERRUPTED = 130;

interface DemoOptions {
  readonly config?: string;
  readonly service?: string;
  readonly json?: boolean;
  readonly color?: boolean;
}

export function registerDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('call every far-end persona once, and compare the wire with the decision table')
    .option('--config <file>', 'show this configuration instead of the demo’s own')
    .option('--service <name>', 'only this service')
    .option('--json', 'one JSON document instead of the story')
    .option('--no-color', 'no colours')
    .action(async (options: DemoOptions) => {
      process.exitCode = await demo(options);
    });
}

async function demo(options: DemoOptions): Promise<number> {
  let config: DialbackConfig;
  try {
    config = await loadConfig(
      options.config ?? join(PACKAGE_DIRECTORY, 'config', 'examples', 'demo.yaml'),
    );
  } catch (error) {
    return printConfigError(error);
  }
  const parts = partsOf(config, options);
  if (parts.length === 0) {
    process.stderr.write(`CBD_DEMO: no service ${options.service ?? ''} in ${config.file}\n`);
    return 2;
  }
  const clock = systemClock();
  const startedAtMs = clock.nowMs();
  const output = openScreen(options);
  printHead(output, parts.length);
  const over = new Set<Part>();
  const story: DemoStory = {
    onStep: (part, { row, state }) => {
      const sinceStartMs = clock.nowMs() - startedAtMs;
      output.line(storyLine({ sinceStartMs, who: nameOf(part, parts), state, row }, output.width));
      if (state === 'ended') over.add(part);
      output.status(`        ${over.size} of ${parts.length} callbacks are over`);
    },
    onTrouble: (message) => process.stderr.write(`${message}\n`),
  };
  const signal = untilSignal();
  const rows = await runDemo(config, parts, story, signal);
  output.status('');
  if (rows.length === 0) {
    process.stderr.write('CBD_DEMO: interrupted\n');
    return EXIT_INTERRUPTED;
  }
  if (options.json) process.stdout.write(`${JSON.stringify(documentOf(rows), null, 2)}\n`);
  else printTable(output, rows, clock.nowMs() - startedAtMs);
  return rows.every(({ differences }) => differences.length === 0) ? 0 : 1;
}

/** A second signal has its usual effect. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

/** The demo's own second service has nobody in its queue: one human is enough to hear that. */
function partsOf(config: DialbackConfig, { config: file, service }: DemoOptions): Part[] {
  const names = Object.keys(config.services).filter((name) => !service || name === service);
  const parts = castParts(names);
  if (file !== undefined) return parts;
  const [first] = names;
  return parts.filter((part) => part.service === first || part.role.persona === 'human');
}

/** The service is named where it is not the first one. */
function nameOf({ service, role }: Part, parts: readonly Part[]): string {
  return service === parts[0]?.service ? role.persona : `${service}: ${role.persona}`;
}

function openScreen({ json, color }: DemoOptions): Screen {
  const { stdout, env } = process;
  const useColour = color !== false && stdout.isTTY && !env['NO_COLOR'];
  // Not everything that calls itself a terminal can write over a line.
  const isLive = stdout.isTTY && env['TERM'] !== 'dumb' && !env['CI'];
  const columns = stdout.isTTY ? stdout.columns : undefined;
  const write = (text: string) => json || stdout.write(text);
  return screen(write, { useColour, isLive, ...(columns ? { columns } : {}) });
}

function printHead(output: Screen, count: number): void {
  output.line([{ text: `Dialback ${productVersion()} demo`, tone: 'strong' }]);
  const what = `${count} callbacks at once on the embedded engine, with real SIP and RTP on loopback; each called party is played by a script.`;
  for (const text of wrap(what, output.width)) output.line(text);
  output.line('');
  output.line(storyHead(output.width));
}

function documentOf(rows: readonly DemoRow[]) {
  return {
    callbacks: rows.map(({ callState, reason, handOffHeard, waitMs, talkMs, ...row }) => ({
      ...row,
      waitMs: waitMs ?? null,
      talkMs: talkMs ?? null,
      callState: callState ?? null,
      reason: reason ?? null,
      handOffHeard: handOffHeard ?? null,
    })),
  };
}

function printTable(output: Screen, rows: readonly DemoRow[], tookMs: number): void {
  const { width } = output;
  const head: TableRow = {
    cells: ['', 'persona', 'st', 'n', 'reason', 'wait', 'talk', 'heard, in seconds'],
    tones: Array.from({ length: 8 }, () => 'strong' as const),
  };
  output.line('');
  for (const pieces of table([head, ...rows.map((row) => tableRow(row, rows))], width)) {
    output.line(pieces);
  }
  for (const row of rows) {
    for (const difference of row.differences) {
      const texts = wrap(`${row.persona}: ${difference}`, width - 4);
      for (const text of texts) output.line([{ text: `    ${text}`, tone: 'bad' }]);
    }
  }
  const failed = rows.filter(({ differences }) => differences.length > 0).length;
  const verdict =
    failed === 0
      ? `${rows.length} callbacks went as the decision table says`
      : `${failed} of ${rows.length} callbacks differ from the decision table`;
  output.line('');
  for (const text of wrap(`${verdict} (${(tookMs / 1000).toFixed(0)} s)`, width)) {
    output.line([{ text, tone: failed === 0 ? 'good' : 'bad' }]);
  }
}

/** `st` is the call state, `n` the number of attempts; times are in seconds. */
function tableRow(row: DemoRow, rows: readonly DemoRow[]): TableRow {
  const isOk = row.differences.length === 0;
  const isConnected = row.reason === 'AGENT_CONNECTED';
  return {
    cells: [
      isOk ? 'ok' : 'FAIL',
      row.service === rows[0]?.service ? row.persona : `${row.service}: ${row.persona}`,
      String(row.callState ?? '-'),
      String(row.attempts),
      row.reason ?? row.state,
      secondsOf(row.waitMs),
      secondsOf(row.talkMs),
      row.treatmentsHeard
        .map((name, i) => `${name.replace(/\.wav$/, '')} ${secondsOf(row.treatmentMs[i])}`)
        .join(', '),
    ],
    tones: [
      isOk ? 'good' : 'bad',
      isOk ? 'plain' : 'bad',
      'dim',
      'dim',
      isConnected ? 'good' : 'plain',
      'wait',
      'good',
      'sound',
    ],
  };
}

function secondsOf(ms: number | undefined): string {
  return ms === undefined ? '-' : (ms / 1000).toFixed(1);
}
