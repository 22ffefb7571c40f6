/** Limits that would keep the service from starting, or let anybody dial what nobody should. */
import { access, constants } from 'node:fs/promises';
import { finding } from './check-finding.js';
import type { DialbackConfig } from './config.js';
import { writtenPath } from './positions.js';
import type { Problem } from './problem.js';

export async function checkLimits(config: DialbackConfig): Promise<Problem[]> {
  return [...(await doNotCallIsThere(config)), ...emergencyIsRefused(config)];
}

async function doNotCallIsThere(config: DialbackConfig): Promise<Problem[]> {
  const { doNotCallFile: file } = config.dialling;
  if (file === undefined) return [];
  try {
    await access(file, constants.R_OK);
    return [];
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const message = `The service will not start: the do-not-call list cannot be read (${code}).`;
    const path = 'dialling.doNotCall';
    return [finding(config, 'CHECK_DO_NOT_CALL', 'error', path, message, { found: file })];
  }
}

function emergencyIsRefused(config: DialbackConfig): Problem[] {
  return Object.values(config.services)
    .filter(({ limits }) => !limits.refusedKinds.includes('emergency'))
    .map(({ name }) => {
      const path = writtenPath(config, name, 'refusedNumbers') ?? `services.${name}.refusedNumbers`;
      const message = 'Requests may dial emergency services.';
      return finding(config, 'CHECK_ANY_DESTINATION', 'warning', path, message);
    });
}
