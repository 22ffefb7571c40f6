/** Configurations for tests, read the way the product reads its own. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type DialbackConfig } from '../../src/config/load-config.js';

/** @param yaml a whole configuration file */
export async function configOf(yaml: string): Promise<DialbackConfig> {
  const folder = await mkdtemp(join(tmpdir(), 'dialback-config-'));
  try {
    const file = join(folder, 'dialback.yaml');
    await writeFile(file, yaml);
    return await loadConfig(file, { env: {} });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
