/**
 * `dialback demo`: every kind of answer once, on real SIP and RTP, in about half a minute. Exit code
 * 1 when anything on the wire differs from the decision table.
 */
import { join } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../adapters/clock/system-clock.js';
import type { DialbackConfig } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { castParts, runDemo, type DemoRow, type Part } from '../demo/run-demo.js';
import { screen, storyLine, table, type Screen } from '../demo/story.js';
import { printConfigError } from './check-command.js';
import { PACKAGE_DIRECTORY } from './version.js';

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
  const useColour = options.color !== false && process.stdout.isTTY && !process.env['NO_COLOR'];
  const output = screen((text) => options.json || process.stdout.write(text), useColour);
  output.line(`${parts.length} callbacks, embedded engine, far end on loopback\n`);
  const rows = await runDemo(config, parts, {
    onStep: (part, { row, state }) => {
      const who = nameOf(part, parts);
      const sinceStartMs = clock.nowMs() - startedAtMs;
      output.line(output.paint(toneOf(state), storyLine({ sinceStartMs, who, state, row })));
    },
    onTrouble: (message) => process.stderr.write(`${message}\n`),
  });
  if (options.json) process.stdout.write(`${JSON.stringify(documentOf(rows), null, 2)}\n`);
  else printTable(output, rows, clock.nowMs() - startedAtMs);
  return rows.every(({ differences }) => differences.length === 0) ? 0 : 1;
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

function toneOf(state: string): 'good' | 'dim' | 'plain' {
  if (state === 'connected') return 'good';
  return state === 'ended' ? 'dim' : 'plain';
}

function documentOf(rows: readonly DemoRow[]) {
  return {
    callbacks: rows.map(({ callState, reason, handOffHeard, ...row }) => ({
      ...row,
      callState: callState ?? null,
      reason: reason ?? null,
      handOffHeard: handOffHeard ?? null,
    })),
  };
}

function printTable(output: Screen, rows: readonly DemoRow[], tookMs: number): void {
  const cells = rows.map((row) => [
    row.differences.length === 0 ? 'ok' : 'FAIL',
    row.service === rows[0]?.service ? row.persona : `${row.service}: ${row.persona}`,
    String(row.callState ?? '-'),
    String(row.attempts),
    row.reason ?? row.state,
    row.treatmentsHeard.map((name) => name.replace(/\.wav$/, '')).join(' ') || '-',
  ]);
  const [head, ...lines] = table([['', 'persona', 'st', 'n', 'reason', 'heard'], ...cells]);
  output.line('');
  output.line(output.paint('strong', head ?? ''));
  lines.forEach((line, i) => {
    const { differences = [] } = rows[i] ?? {};
    output.line(differences.length === 0 ? line : output.paint('bad', line));
    for (const difference of differences) output.line(output.paint('bad', `      ${difference}`));
  });
  const failed = rows.filter(({ differences }) => differences.length > 0).length;
  const verdict =
    failed === 0
      ? `${rows.length} callbacks went as the decision table says`
      : `${failed} of ${rows.length} callbacks differ from the decision table`;
  output.line(`\n${verdict} (${(tookMs / 1000).toFixed(0)} s)`);
}
