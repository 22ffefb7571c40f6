/** Runs a command about call progress detection in this process and collects what it prints. */
import { Command, CommanderError } from 'commander';
import { registerCpdCommands } from '../../src/cli/cpd.js';

export async function runCommand(
  ...args: string[]
): Promise<{ readonly out: string; readonly err: string; readonly code: number }> {
  const seen = { out: '', err: '' };
  const program = new Command('dialback').exitOverride().configureOutput({
    writeOut: (text) => (seen.out += text),
    writeErr: (text) => (seen.err += text),
  });
  registerCpdCommands(program);
  const before = process.exitCode;
  try {
    await program.parseAsync(args, { from: 'user' });
    return { ...seen, code: Number(process.exitCode) };
  } catch (error) {
    if (error instanceof CommanderError) return { ...seen, code: 2 };
    throw error;
  } finally {
    process.exitCode = before;
  }
}
