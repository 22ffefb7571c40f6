/** Reads the file that `cpd-train` wrote. */
import { readFile } from 'node:fs/promises';
import { parseCalibration, type CalibrationResult } from '../../cpd/calibration.js';

/** @param path absolute */
export async function readCalibration(path: string): Promise<CalibrationResult> {
  try {
    return parseCalibration(await readFile(path, 'utf8'));
  } catch (error) {
    const problem = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { ok: false, problem };
  }
}
