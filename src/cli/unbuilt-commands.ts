/** Commands that are planned and not built: they say so instead of pretending. */
import type { Command } from 'commander';

const UNBUILT = [{ name: 'vxml', what: 'running a VoiceXML page at the terminal' }];

export function registerUnbuiltCommands(program: Command): void {
  for (const { name, what } of UNBUILT) {
    program
      .command(name, { hidden: true })
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        process.stderr.write(`CBD_NOT_BUILT: ${what} is not built in this version\n`);
        process.exitCode = 1;
      });
  }
}
