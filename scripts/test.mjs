// `npm test`: installs the one program the tests want besides Node (sipp, an independent SIP peer),
// builds, and runs mocha. Arguments (files, options) are handed to mocha.
import { spawnSync } from 'node:child_process';
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
const wanted = process.argv.slice(2);
const files = wanted.some((word) => !word.startsWith('-')) ? [] : ['test/**/*.test.ts'];
exit(run('npx', ['mocha', ...wanted, ...files]).status ?? 1);
