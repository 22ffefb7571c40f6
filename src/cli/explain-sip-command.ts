/**
 * `dialback explain-sip`: which row of the result table decides for a refused INVITE, and what follows.
 * It only reads the configuration; nothing is dialled. Exit codes: 0 done, 1 failed, 2 wrong use.
 */
import { type Command, InvalidArgumentError } from 'commander';
import { callStateName } from '../callflow/call-state.js';
import { loadConfig } from '../config/load-config.js';
import { RESULT_ROWS, type ResultAction, type ResultRow } from '../dial/result-rows.js';
import { judgeFailure, type ResultVerdict } from '../dial/sip-result.js';
import type { InviteFailure } from '../ports.js';
import { CommandFailure, runCommand } from './service-client.js';
import { systemTerminal, type Terminal } from './terminal.js';

interface Flags {
  readonly q850?: number;
  readonly reason?: string;
  readonly header?: readonly string[];
  readonly trunk?: string;
  readonly rang?: boolean;
  readonly config?: string;
  readonly json?: boolean;
}

const FOLLOWS: Readonly<Record<ResultAction, string>> = {
  'next-trunk': 'another trunk is tried at once; when none is left, the call state decides',
  'by-call-state': 'no other trunk is tried; the call state decides about another attempt',
  'retry-later': 'no other trunk is tried; another attempt is made later',
  'never-again': 'no other trunk is tried, and the callback ends',
};

/** Adds `explain-sip` to the program. */
export function registerExplainSipCommand(
  program: Command,
  { terminal = systemTerminal }: { readonly terminal?: Terminal } = {},
): void {
  program
    .command('explain-sip')
    .description('which row of the result table decides for a refused call, and what follows')
    .argument('<code>', 'SIP status, 300 to 699', integer(300, 699))
    .option('--q850 <n>', 'Q.850 cause of the Reason header, 1 to 127', integer(1, 127))
    .option('--reason <text>', 'reason phrase')
    .option('--header <name: text>', 'a header of the response; may be given again', collected)
    .option('--trunk <name>', 'trunk that the call left by')
    .option('--rang', 'a phone had rung before')
    .option('--config <file>', 'configuration file or folder, for its trunkResults')
    .option('--json', 'one JSON document')
    .action((status: number, flags: Flags) =>
      runCommand(terminal, async () => {
        const { json, trunk, rang } = flags;
        const rows = await rowsOf(flags);
        const failure = failureOf(status, flags);
        const verdict = judgeFailure(failure, { rows, trunk, hasRung: rang === true });
        terminal.out(json ? asJson(verdict, rows) : asText(failure, verdict));
      }),
    );
}

/** @throws CommandFailure for a trunk that the configuration has not: rows of that name would be passed over */
async function rowsOf({ config, trunk }: Flags): Promise<readonly ResultRow[]> {
  if (config === undefined) return [];
  const { trunks, trunkResults } = await loadConfig(config);
  const names = trunks.map(({ name }) => name);
  if (trunk === undefined || names.includes(trunk)) return trunkResults;
  const there = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
  throw new CommandFailure('CBD_WRONG_USE', `--trunk: no trunk ${trunk}; ${there}`, 2);
}

function failureOf(status: number, { q850, reason = '', header = [] }: Flags): InviteFailure {
  const headers: Record<string, string> = {};
  for (const line of header) {
    const [, name = '', text = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    headers[name.toLowerCase()] = text;
  }
  return {
    kind: 'failed',
    status,
    reason,
    headers,
    ...(q850 !== undefined && { q850Cause: q850 }),
  };
}

function asText({ status, q850Cause }: InviteFailure, verdict: ResultVerdict): string {
  const cause = q850Cause === undefined ? '' : ` with Q.850 cause ${q850Cause}`;
  return [
    `SIP ${status}${cause}: row ${verdict.row}`,
    `    ${verdict.why}`,
    `    call state ${verdict.callState} ${callStateName(verdict.callState)}`,
    `    ${verdict.then}: ${FOLLOWS[verdict.then]}`,
  ].join('\n');
}

function asJson({ row, why, callState, then }: ResultVerdict, own: readonly ResultRow[]): string {
  const decided = [...own, ...RESULT_ROWS].find(({ id }) => id === row);
  const document = { row, why, callState, then, when: decided?.when ?? {} };
  return JSON.stringify({ ...document, callStateName: callStateName(callState) }, null, 2);
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,3}$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`a number from ${min} to ${max}`);
  };
}

function collected(text: string, before: readonly string[] = []): readonly string[] {
  if (/^[A-Za-z][A-Za-z0-9-]*:/.test(text)) return [...before, text];
  throw new InvalidArgumentError('NAME: TEXT');
}
