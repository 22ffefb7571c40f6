#!/usr/bin/env node
/**
 * The command line. Each command lives in its own file under cli/ and registers itself here.
 * Exit codes: 0 done, 1 failed, 2 wrong use. `--json` prints one document on stdout; errors go to
 * stderr with a code.
 */
import { Command, CommanderError } from 'commander';
import { registerApiKeyCommand } from './cli/api-key-command.js';
import { registerCallCommand } from './cli/call-command.js';
import { registerCancelCommand } from './cli/cancel-command.js';
import { registerCheckCommand } from './cli/check-command.js';
import { registerCpdCommands } from './cli/cpd.js';
import { registerDemoCommand } from './cli/demo-command.js';
import { registerDoctorCommand } from './cli/doctor-command.js';
import { registerEngineCommand } from './cli/engine-command.js';
import { registerExplainSipCommand } from './cli/explain-sip-command.js';
import { registerFarendCommand } from './cli/farend-command.js';
import { registerFlowCommands } from './cli/flow-commands.js';
import { registerHealthCommand } from './cli/health-command.js';
import { registerHoursCommand } from './cli/hours-command.js';
import { registerPauseCommands } from './cli/pause-command.js';
import { registerPluginCommand } from './cli/plugin-command.js';
import { registerRunCommand } from './cli/run-command.js';
import { registerTraceCommand } from './cli/trace-command.js';
import { productVersion } from './cli/version.js';
import { registerVxmlCommand } from './cli/vxml-command.js';

const EXIT_FAILED = 1;
const EXIT_WRONG_USE = 2;

const program = new Command('dialback')
  .description('Callback dialer: dials, finds out who answered, treats the call, hands it over')
  .version(productVersion())
  .showHelpAfterError('(dialback --help shows the commands)')
  .exitOverride();

registerRunCommand(program);
registerDemoCommand(program);
registerCallCommand(program);
registerCancelCommand(program);
registerCheckCommand(program);
registerApiKeyCommand(program);
registerFlowCommands(program);
registerExplainSipCommand(program);
registerHoursCommand(program);
registerTraceCommand(program);
registerPluginCommand(program);
registerCpdCommands(program);
registerFarendCommand(program);
registerEngineCommand(program);
registerDoctorCommand(program);
registerHealthCommand(program);
registerVxmlCommand(program);
registerPauseCommands(program);

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_WRONG_USE;
  } else {
    process.stderr.write(`${describe(error)}\n`);
    process.exitCode = EXIT_FAILED;
  }
}

/** Code and sentence; our own errors bring a code, some inside the message. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return `CBD_FAILED: ${String(error)}`;
  if (/^CBD_[A-Z_]+:/.test(error.message)) return error.message;
  const { code } = error as { code?: unknown };
  return `${typeof code === 'string' ? code : 'CBD_FAILED'}: ${error.message}`;
}
