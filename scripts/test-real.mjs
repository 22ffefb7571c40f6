// `npm run test:real`: the integration suite against a real drachtio-server and FreeSWITCH, named by
// DIALBACK_DRACHTIO=host:port,secret and DIALBACK_FREESWITCH=host:port,secret. Prints their versions
// first. `-- --quick` runs the part that fits into 45 seconds.
import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { env, exit } from 'node:process';

const QUICK = ['test/sip/main-job.test.ts', 'test/adapters/telephony/sip-agent.test.ts'];
const ALL = [
  'test/conformance/drachtio.test.ts',
  'test/sip/*.test.ts',
  'test/plugin/*.test.ts',
  'test/plugin/embedded/on-calls.test.ts',
  'test/adapters/telephony/*.test.ts',
  'test/conformance/esl.test.ts',
];
/** Slow cases have this word in their title. */
const SLOW = '\\(slow\\)';

const parse = (text = '') => /^([^:,]+):(\d+),(.*)$/.exec(text)?.slice(1);
const drachtio = parse(env.DIALBACK_DRACHTIO);
const freeswitch = parse(env.DIALBACK_FREESWITCH);
if (!drachtio || !freeswitch) {
  console.error('CBD_TEST_REAL: set DIALBACK_DRACHTIO and DIALBACK_FREESWITCH to host:port,secret');
  exit(2);
}

/** Sends a line, resolves with the first answer that matches. */
function ask([host, port], hello, wanted) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port) });
    let text = '';
    const timer = setTimeout(() => socket.destroy(new Error('no answer in 3 s')), 3000);
    socket.on('connect', () => socket.write(hello));
    socket.on('data', (data) => {
      text += data;
      const found = wanted.exec(text);
      if (found) {
        clearTimeout(timer);
        socket.destroy();
        resolve(found[1].trim());
      }
    });
    socket.on('error', reject);
  });
}

try {
  const login = `test|authenticate|${drachtio[2]}|`;
  const drachtioVersion = await ask(
    drachtio,
    `${login.length}#${login}`,
    /\|OK\|[^|]*\|(v[^|\s]+)/,
  );
  const freeswitchVersion = await ask(
    freeswitch,
    `auth ${freeswitch[2]}\n\napi version\n\n`,
    /(FreeSWITCH Version [^\n]+)/,
  );
  console.log(`drachtio-server ${drachtioVersion}\n${freeswitchVersion}\n`);
} catch (error) {
  console.error(`CBD_TEST_REAL: ${error.message}`);
  exit(1);
}

const args = process.argv.slice(2);
const isQuick = args.includes('--quick');
const rest = args.filter((arg) => arg !== '--quick');
const files = isQuick ? QUICK : [...new Set(ALL)];
const only = isQuick ? ['--grep', SLOW, '--invert'] : [];
const reporter = ['--reporter', './scripts/ending-reporter.mjs'];
const all = [...reporter, ...only, ...rest, ...files];
const run = spawnSync('npx', ['mocha', ...all], { stdio: 'inherit' });
console.log(run.status === 0 ? 'real servers: passed' : 'real servers: FAILED');
exit(run.status ?? 1);
