/**
 * What `dialback check` finds in a configuration that loads: things it names that are not there, and
 * things it says that cannot be meant. Looks at files and asks URLs; changes nothing, connects to no
 * telephony server (that is `doctor`).
 */
import { checkFiles } from './check-files.js';
import { checkRules } from './check-rules.js';
import { checkUrls } from './check-urls.js';
import type { DialbackConfig } from './config.js';
import { inFileOrder, type Problem } from './problem.js';

/** @returns findings in the order of the file; each path and message once. Takes a few seconds at most per URL. */
export async function checkConfig(config: DialbackConfig): Promise<Problem[]> {
  const found = [
    ...checkRules(config),
    ...(await checkFiles(config)),
    ...(await checkUrls(config)),
  ];
  const distinct = new Map(
    found.map((problem) => [`${problem.path}\n${problem.message}`, problem]),
  );
  return inFileOrder([...distinct.values()]);
}
