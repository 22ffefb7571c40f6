/**
 * What `dialback check` finds in a configuration that loads: things it names that are not there, and
 * things it says that cannot be meant. Looks at files and asks URLs; changes nothing, connects to no
 * telephony server (that is `doctor`).
 */
import { checkEffects } from './check-effects.js';
import { checkCalibration } from './check-calibration.js';
import { checkFiles } from './check-files.js';
import { checkHosts } from './check-hosts.js';
import { checkLimits } from './check-limits.js';
import { checkRules } from './check-rules.js';
import { checkTimes } from './check-times.js';
import { checkTrunkResults } from './check-trunk-results.js';
import { checkUrls } from './check-urls.js';
import type { DialbackConfig } from './config.js';
import { inFileOrder, type Problem } from './problem.js';

/** @returns findings in the order of the file; each path and message once. Takes a few seconds at most per URL and host. */
export async function checkConfig(config: DialbackConfig): Promise<Problem[]> {
  const [calibration, limits, files, urls, hosts] = await Promise.all([
    checkCalibration(config),
    checkLimits(config),
    checkFiles(config),
    checkUrls(config),
    checkHosts(config),
  ]);
  const found = [
    ...checkRules(config),
    ...checkTimes(config),
    ...checkTrunkResults(config),
    ...checkEffects(config),
    ...calibration,
    ...limits,
    ...files,
    ...urls,
    ...hosts,
  ];
  const distinct = new Map(
    found.map((problem) => [`${problem.path}\n${problem.message}`, problem]),
  );
  return inFileOrder([...distinct.values()]);
}
