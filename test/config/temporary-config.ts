/** A folder of its own for one test's configuration files. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import assert from 'node:assert/strict';
import {
  ConfigError,
  loadConfig,
  type DialbackConfig,
  type Problem,
  type ServiceConfig,
} from '../../src/config/load-config.js';

/** What services of tests may name. */
const QUEUES = `queues:
  support: { targets: [{ uri: "sip:support@192.0.2.1" }] }
  other: { targets: [{ uri: "sip:other@192.0.2.1" }] }
officeHours:
  other: { timezone: Europe/Berlin, weekly: [Mon-Fri 08:00-18:00] }
capacities:
  other: { timezone: Europe/Berlin, weekly: [Mon-Fri 08:00-18:00 5] }
`;

export class TemporaryFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'dialback-config-'));

  write(name: string, text: string | Uint8Array): string {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  /** Writes `dialback.yaml` and loads it. */
  load(text: string, env: Record<string, string> = {}): Promise<DialbackConfig> {
    return loadConfig(this.write('dialback.yaml', text), { env });
  }

  /** One service called `sales` with these options, and `defaults`. */
  async service(options: string, defaults = ''): Promise<ServiceConfig> {
    const indent = (text: string) => text.replace(/^(?=.)/gm, '    ');
    const config = await this.load(
      `defaults:\n${indent(defaults)}\nservices:\n  sales:\n${indent(options)}\n${QUEUES}`,
    );
    const { sales } = config.services;
    assert(sales);
    return sales;
  }

  /** What loading finds wrong. */
  async problems(text: string, env: Record<string, string> = {}): Promise<readonly Problem[]> {
    try {
      return (await this.load(text, env)).warnings;
    } catch (error) {
      assert(error instanceof ConfigError, String(error));
      return error.problems;
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
