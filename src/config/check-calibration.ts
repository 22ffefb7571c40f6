/** Reads the calibration that the configuration names, as the start will. */
import { readFile } from 'node:fs/promises';
import { parseCalibration } from '../cpd/calibration.js';
import { finding } from './check-finding.js';
import type { DialbackConfig } from './config.js';
import type { Problem } from './problem.js';

export async function checkCalibration(config: DialbackConfig): Promise<Problem[]> {
  const file = config.cpd.calibrationFile;
  if (file === undefined) return [];
  const why = await problemOf(file);
  if (why === undefined) return [];
  const message = `The service will not start: ${why}.`;
  return [
    finding(config, 'CHECK_CALIBRATION', 'error', 'cpd.calibration', message, { found: file }),
  ];
}

async function problemOf(file: string): Promise<string | undefined> {
  try {
    const parsed = parseCalibration(await readFile(file, 'utf8'));
    return parsed.ok ? undefined : parsed.problem;
  } catch (error) {
    return `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
  }
}
