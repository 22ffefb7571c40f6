/** The detector of this process, as configured. */
import { CpdPool } from './adapters/cpd/cpd-pool.js';
import { readCalibration } from './adapters/cpd/read-calibration.js';
import { tapSockets } from './adapters/cpd/tap-sockets.js';
import type { DialbackConfig } from './config/config.js';
import type { Log } from './ports.js';

/** @throws Error when the calibration it is told to use cannot be */
export async function startAnalyser(config: DialbackConfig, log: Log): Promise<CpdPool> {
  const { calibrationFile, shadowProfiles, recorder } = config.cpd;
  // The embedded engine is on this host; real media servers may be elsewhere.
  const servers = config.engine === 'servers' ? config.freeswitch.map(({ host }) => host) : [];
  const options = { log, shadowProfiles, recorder, ...(await tapSockets(servers)) };
  if (calibrationFile === undefined) return CpdPool.start(options);
  const read = await readCalibration(calibrationFile);
  if (!read.ok) throw new Error(`CBD_CALIBRATION: ${calibrationFile}: ${read.problem}`);
  return CpdPool.start({ ...options, calibration: read.calibration });
}
