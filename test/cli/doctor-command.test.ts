import assert from 'node:assert/strict';
import { Command } from 'commander';
import { registerDoctorCommand } from '../../src/cli/doctor-command.js';
import { TemporaryFolder } from '../config/temporary-config.js';

describe('dialback doctor', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  /** Nobody listens on port 1. */
  async function run(yaml: string): Promise<{ out: string; code: unknown }> {
    const servers = `engine: servers
drachtio: { port: 1 }
freeswitch: [{ port: 1 }]
store: { url: "sqlite::memory:" }
http: { listen: "127.0.0.1:0" }
`;
    const file = folder.write('doctor.yaml', servers + yaml);
    const { exitCode, stdout } = process;
    const write = stdout.write.bind(stdout);
    const program = new Command();
    registerDoctorCommand(program);
    let out = '';
    try {
      stdout.write = (text: unknown) => Boolean((out += String(text)));
      await program.parseAsync(['node', 'dialback', 'doctor', '--config', file]);
      return { out, code: process.exitCode };
    } finally {
      stdout.write = write;
      process.exitCode = exitCode;
    }
  }

  it('names each server that is away, and fails', async () => {
    const { out, code } = await run('services: {}\n');
    assert.equal(code, 1);
    assert.match(out, /^FAIL {2}drachtio main DRACHTIO_UNREACHABLE: 127\.0\.0\.1:1: ECONNREFUSED/m);
    assert.match(out, /^FAIL {2}FreeSWITCH 127\.0\.0\.1:1 FREESWITCH_UNREACHABLE/m);
    assert.match(out, /^ok {4}config .*doctor\.yaml; sounds in /m);
  });

  it('says of a fault in the file where it stands', async () => {
    const { out } = await run('services: { a: { _treatment_customer_connect: gone.wav } }\n');
    assert.match(
      out,
      /^FAIL {2}config .*doctor\.yaml:6:\d+: error \S+ services\.a\._treatment_cust/m,
    );
  });
});
