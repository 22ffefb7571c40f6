/** SIP and RTP of a campaign, as pcap files for Wireshark, when tcpdump may read along on loopback. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { endWithUs } from '../crash/processes.js';

/** Ten files of 50 MB: the oldest are overwritten. */
const FILE_MB = 50;
const FILES = 10;
const START_WITHIN_MS = 5000;

export class Capture {
  private constructor(
    readonly says: string,
    private readonly child?: ChildProcess,
  ) {}

  /** @param sipPorts of whoever speaks SIP. @param rtpPorts FreeSWITCH's, the first and the last */
  static async start(
    folder: string,
    sipPorts: readonly number[],
    [first, last]: readonly [number, number],
  ): Promise<Capture> {
    const file = join(folder, 'loopback.pcap');
    const ports = [...sipPorts.map((port) => `port ${port}`), `portrange ${first}-${last}`];
    const filter = `udp and (${ports.join(' or ')})`;
    const args = ['-i', 'lo', '-n', '-s', '0', '-Z', 'root', '-C', String(FILE_MB)];
    const child = spawn('tcpdump', [...args, '-W', String(FILES), '-w', file, filter], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    endWithUs(child);
    try {
      await once(child, 'spawn');
      const signal = AbortSignal.timeout(START_WITHIN_MS);
      const [line] = (await once(createInterface(child.stderr), 'line', { signal })) as [string];
      if (child.exitCode !== null) return new Capture(`no capture: ${line}`);
      return new Capture(`capture: ${file} (${filter})`, child);
    } catch (error) {
      child.kill();
      return new Capture(
        `no capture: ${error instanceof Error ? error.message : 'tcpdump failed'}`,
      );
    }
  }

  async stop(): Promise<void> {
    if (!this.child || this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGINT');
    await ended;
  }
}
