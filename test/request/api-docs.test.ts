import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { runService, type RunningService } from './gms-replay/service.js';

const TEXT = readFileSync('docs/api.md', 'utf8');
const DAY_MS = 86_400_000;

function blocks(language: string): string[] {
  return [...TEXT.matchAll(new RegExp('^```' + language + '\\n(.*?)^```$', 'gms'))].map(
    ([, block = '']) => block,
  );
}

/** Commands of a block, each with its continued lines. */
const commands = blocks('sh').flatMap((block) =>
  block.split(/\n(?=curl )/).map((command) => command.trim()),
);

describe('the examples of docs/api.md', function () {
  this.timeout(60_000);
  let service: RunningService;

  before(async function () {
    if (spawnSync('curl', ['--version']).error) this.skip();
    const [yaml = ''] = blocks('yaml');
    service = await runService(
      `http: { listen: "127.0.0.1:0" }\nstore: { url: "sqlite::memory:" }\n${yaml}`,
    );
  });
  after(() => service?.stop());

  const run = (command: string, ID: string) => {
    const TOMORROW = new Date(Date.now() + DAY_MS).toISOString();
    const quiet = command.replace(/^curl /, "curl -sS --max-time 10 -w '\\n%{http_code}' ");
    const env = { ...process.env, DIALBACK: service.url, ID, TOMORROW };
    const { stdout, stderr } = spawnSync('bash', ['-euc', quiet], { env, encoding: 'utf8' });
    const status = Number(stdout.split('\n').at(-1));
    return { status, said: stdout + stderr };
  };

  it('are there', () => assert.ok(commands.length >= 18, String(commands.length)));

  it('are answered with 200, one after the other', () => {
    for (const [index, command] of commands.entries()) {
      // One for each, or the daily limit of a number is reached.
      const number = `+1650466${1200 + index}`;
      const start = `curl "$DIALBACK/genesys/1/service/callback/sales" --data-urlencode _customer_number=${number} -d _desired_time=$TOMORROW`;
      const { said } = run(start, '');
      const id = /"_id":"([^"]+)"/.exec(said)?.[1];
      assert.ok(id, said);
      const { status, said: answer } = run(command, id);
      assert.equal(status, 200, `${command}\n${answer}`);
      run('curl -X DELETE "$DIALBACK/genesys/1/service/callback/sales/$ID"', id);
    }
  });
});
