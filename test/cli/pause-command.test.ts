import assert from 'node:assert/strict';
import { Command } from 'commander';
import { registerPauseCommands } from '../../src/cli/pause-command.js';
import { someCallback } from '../adapters/store/fixtures.js';
import { ApiBed, NOON_MS } from '../request/api-bed.js';

const YAML = `
queues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
defaults: { queue: q }
services: { sales: {}, support: {} }
`;

describe('The commands pause, resume and notifications', () => {
  let bed: ApiBed;
  let server: string;
  let out: string[];
  let err: string[];
  let exitCode: number | undefined;

  beforeEach(async () => {
    bed = await ApiBed.open(YAML);
    server = await bed.api.listen({ host: '127.0.0.1', port: 0 });
    [out, err, exitCode] = [[], [], undefined];
  });
  afterEach(() => bed.close());

  const run = async (...words: string[]): Promise<string> => {
    out = [];
    const program = new Command().exitOverride();
    registerPauseCommands(program, {
      terminal: {
        out: (line) => out.push(line),
        err: (line) => err.push(line),
        exit: (code) => (exitCode = code),
      },
    });
    await program.parseAsync(['node', 'dialback', ...words, '--server', server]);
    return out.join('\n');
  };

  it('pause and resume one service or all, and say what is paused then', async () => {
    const id = await bed.started();
    assert.equal(await run('pause', '--service', 'sales'), 'paused: sales');
    assert.equal((await bed.store.get(id))?.state, 'PAUSED');
    assert.deepEqual(await bed.store.claimDue(NOON_MS, 10), []);
    assert.equal(await run('pause', '--service', 'support'), 'paused: sales, support');
    assert.equal(await run('pause', '--all'), 'paused: everything');
    assert.equal(await run('resume', '--all'), 'paused: sales, support');
    assert.deepEqual(JSON.parse(await run('resume', '--service', 'sales', '--json')), {
      everything: false,
      services: ['support'],
    });
    assert.equal((await bed.store.get(id))?.state, 'QUEUED');
    assert.equal(await run('resume', '--service', 'support'), 'nothing is paused');
    assert.deepEqual(err, []);
  });

  it('ask for one or the other, and name a service that is not there', async () => {
    await run('pause');
    assert.equal(exitCode, 2);
    await run('pause', '--all', '--service', 'sales');
    assert.equal(exitCode, 2);
    await run('pause', '--service', 'nobody/../sales');
    assert.equal(exitCode, 1);
    assert.match(err.join('\n'), /CBD_REQUEST_UNKNOWN_SERVICE/);
    assert.deepEqual(await bed.store.paused(), []);
  });

  it('list what could not be delivered, without steering the terminal, and send it once more', async () => {
    assert.equal(await run('notifications'), 'nothing was given up');
    const target = 'http://127.0.0.1:1/hook';
    const notice = { event: '_cbe_on_x', target, atMs: NOON_MS, deliveriesMax: 1, data: {} };
    const { id } = await bed.store.accept(someCallback({ notices: [notice] }));
    await bed.store.claimNotices(NOON_MS, 1, 1000);
    const why = 'answered \u001b[31m500';
    await bed.store.settleNotices([{ id: `${id}.1`, kind: 'dead', why }]);
    const listed = await run('notifications');
    assert.ok(listed.startsWith(`${id}.1  _cbe_on_x  ${target}  answered `), listed);
    assert.ok(!listed.includes('\u001b'));
    const { notices } = JSON.parse(await run('notifications', '--json')) as { notices: object[] };
    assert.equal(notices.length, 1);
    assert.equal(await run('notifications', '--replay'), '1 on their way');
    assert.equal((await bed.store.claimNotices(NOON_MS, 10, 1000)).length, 1);
  });
});
