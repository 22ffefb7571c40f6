// `npm test`: installs the one program the tests want besides Node (sipp, an independent SIP peer),
// builds, and runs mocha. Arguments (files, options) are handed to mocha. Without files the tests run in
// two lanes at once: those that listen to calls in real time and mostly wait, and the others, which
// compute, and give way to them.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { env, exit, getuid } from 'node:process';

const run = (command, args, options = {}) =>
  spawnSync(command, args, { stdio: 'inherit', ...options });

const hasSipp = () => !run('sipp', ['-v'], { stdio: 'ignore' }).error;

if (!hasSipp()) {
  const isRoot = getuid?.() === 0;
  const hasApt = !run('apt-get', ['--version'], { stdio: 'ignore' }).error;
  if (isRoot && hasApt) {
    const quiet = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: 'ignore' };
    console.log('Installing sip-tester (sipp) for the integration tests ...');
    run('apt-get', ['update'], quiet);
    run('apt-get', ['install', '-y', '--no-install-recommends', 'sip-tester'], quiet);
  }
  if (!hasSipp()) {
    console.log('sipp is missing (Debian: apt-get install sip-tester): its tests will be skipped.');
  }
}

const build = run('npx', ['tsc', '-p', 'tsconfig.build.json']);
if (build.status !== 0) exit(build.status ?? 1);

const ALL = 'test/**/*.test.ts';
/** Real SIP and RTP with the clock on the wall. */
const REAL_TIME = [
  'adapters/telephony',
  'adapters/cpd',
  'conformance',
  'demo',
  'embedded',
  'farend',
  'sip',
].map((folder) => `test/${folder}/**/*.test.ts`);
const NICENESS = 10;

const wanted = process.argv.slice(2);
if (wanted.some((word) => !word.startsWith('-'))) {
  exit(run('npx', ['mocha', ...wanted]).status ?? 1);
}

const mocha = (args, stdout) =>
  spawn('npx', ['mocha', ...wanted, ...args], { stdio: ['ignore', stdout, 'inherit'] });
const others = mocha([...REAL_TIME.flatMap((glob) => ['--ignore', glob]), ALL], 'pipe');
setPriority(others.pid, NICENESS);
const said = [];
others.stdout.on('data', (chunk) => said.push(chunk));
const [[realTimeCode], [othersCode]] = await Promise.all([
  once(mocha(REAL_TIME, 'inherit'), 'exit'),
  once(others, 'close'),
]);
console.log('The tests that need no real time, run beside:');
process.stdout.write(Buffer.concat(said));
exit(realTimeCode || othersCode ? 1 : 0);
