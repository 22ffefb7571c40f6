// `npm test`: installs what the tests want besides Node (sipp, an independent SIP peer, and PostgreSQL),
// builds, and runs mocha. Arguments (files, options) are handed to mocha. Without files the tests run in
// four lanes at once: two that listen to calls in real time and mostly wait, and two that compute, and
// give way to them.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, exit, getuid } from 'node:process';

const run = (command, args, options = {}) =>
  spawnSync(command, args, { stdio: 'inherit', ...options });

const POSTGRES = '/usr/lib/postgresql';
/** Programs the tests want besides Node: an independent SIP peer, and a server for the store. */
const WANTED = [
  {
    package: 'sip-tester',
    what: 'sipp',
    isThere: () => !run('sipp', ['-v'], { stdio: 'ignore' }).error,
  },
  {
    package: 'postgresql',
    what: 'PostgreSQL',
    isThere: () =>
      existsSync(POSTGRES) &&
      readdirSync(POSTGRES).some((version) => existsSync(join(POSTGRES, version, 'bin/initdb'))),
  },
];

const missing = WANTED.filter(({ isThere }) => !isThere());
if (missing.length > 0) {
  const isRoot = getuid?.() === 0;
  const hasApt = !run('apt-get', ['--version'], { stdio: 'ignore' }).error;
  if (isRoot && hasApt) {
    const quiet = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: 'ignore' };
    const packages = missing.map((one) => one.package);
    console.log(`Installing ${packages.join(' and ')} for the integration tests ...`);
    run('apt-get', ['update'], quiet);
    run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], quiet);
  }
  for (const { isThere, package: name, what } of missing) {
    if (isThere()) continue;
    console.log(`${what} is missing (Debian: apt-get install ${name}): its tests will be skipped.`);
  }
}

const build = run('npx', ['tsc', '-p', 'tsconfig.build.json']);
if (build.status !== 0) exit(build.status ?? 1);

const inFolders = (folders) => folders.map((folder) => `test/${folder}/**/*.test.ts`);
/** Real SIP and RTP with the clock on the wall: they mostly wait. */
const REAL_TIME = {
  calls: ['sip', 'demo'],
  engines: ['adapters/telephony', 'adapters/cpd', 'conformance', 'embedded', 'farend'],
};
/** These compute, and give way. */
const COMPUTING = ['adapters/store', 'crash', 'plugin', 'trouble'];
const NICENESS = 10;
/** More files than this that fail are no accident of the clock. */
const AGAIN_FILES_MAX = 6;

const wanted = process.argv.slice(2);
if (wanted.some((word) => !word.startsWith('-'))) {
  exit(run('npx', ['mocha', ...wanted]).status ?? 1);
}

const lists = mkdtempSync(join(tmpdir(), 'dialback-test-'));
const mocha = (name, args, stdout) =>
  spawn(
    'npx',
    [
      ...['mocha', '--reporter', './scripts/listing-reporter.mjs'],
      ...['--reporter-option', `list=${join(lists, name)}`, ...wanted, ...args],
    ],
    { stdio: ['ignore', stdout, 'inherit'] },
  );
/** What a lane's reporter wrote; a lane that ended without a list has failed as a whole. */
const outcome = (name, code) => {
  const file = join(lists, name);
  const list = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { failures: [] };
  if (code !== 0 && list.failures.length === 0) {
    list.failures.push({ file: '', title: `the lane "${name}"`, message: `exit code ${code}` });
  }
  return list;
};

/** @returns how the lane ended; what it says is said in one piece once it is over */
async function lane(name, args, niceness = 0) {
  const child = mocha(name, args, 'pipe');
  setPriority(child.pid, niceness);
  const said = [];
  child.stdout.on('data', (chunk) => said.push(chunk));
  const [code] = await once(child, 'close');
  console.log(`\nLane "${name}":`);
  process.stdout.write(Buffer.concat(said));
  return outcome(name, code);
}

const elsewhere = inFolders([...Object.values(REAL_TIME).flat(), ...COMPUTING]);
const lanes = await Promise.all([
  lane('calls', inFolders(REAL_TIME.calls)),
  lane('engines', inFolders(REAL_TIME.engines)),
  lane('stores and plugins', inFolders(COMPUTING), NICENESS),
  lane(
    'the rest',
    [...elsewhere.flatMap((glob) => ['--ignore', glob]), 'test/**/*.test.ts'],
    NICENESS,
  ),
]);
let failures = lanes.flatMap((lane) => lane.failures);
const passes = lanes.reduce((sum, lane) => sum + (lane.passes ?? 0), 0);

// A clock on the wall is no judge while other lanes compute: a file that failed is asked once more,
// alone, and what it said the first time stays in the report.
const files = [...new Set(failures.map(({ file }) => file))];
if (files.length > 0 && files.length <= AGAIN_FILES_MAX && !files.includes('')) {
  console.log(`\n${failures.length} failed; running alone, once more: ${files.join(' ')}`);
  const [code] = await once(mocha('again', files, 'inherit'), 'exit');
  report('Failed beside the other lanes', failures);
  failures = outcome('again', code).failures;
}
rmSync(lists, { recursive: true });
report('Failed', failures);
console.log(`\n${passes} passed in all lanes, ${failures.length} failed in the end.`);
exit(failures.length === 0 ? 0 : 1);

function report(heading, list) {
  for (const { file, title, message } of list) {
    console.log(`\n${heading}: ${title}\n  ${file}\n  ${message.replaceAll('\n', '\n  ')}`);
  }
}
