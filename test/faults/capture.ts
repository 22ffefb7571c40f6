/** What passes on loopback during a campaign, as a pcap file for Wireshark, when tcpdump may do so. */
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

  static async start(folder: string, sipPort: number): Promise<Capture> {
    const file = join(folder, 'loopback.pcap');
    // The far end's SIP, and all RTP: whatever else is UDP on loopback comes along.
    const args = ['-i', 'lo', '-n', '-s', '0', '-Z', 'root', '-C', String(FILE_MB)];
    const child = spawn('tcpdump', [...args, '-W', String(FILES), '-w', file, 'udp'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    endWithUs(child);
    try {
      await once(child, 'spawn');
      const signal = AbortSignal.timeout(START_WITHIN_MS);
      const [line] = (await once(createInterface(child.stderr), 'line', { signal })) as [string];
      if (child.exitCode !== null) return new Capture(`no capture: ${line}`);
      return new Capture(`capture: ${file} (far end on ${sipPort})`, child);
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
