// The product in a process of its own for `npm run bench:calls`: the whole service as `dialback run`
// has it (HTTP API, SQLite file, log at level info, call progress detection), from the build. It
// tells its parent when an attempt begins and when a callback is over, which it reads from the log.
import { openSync, writeSync } from 'node:fs';
import process, { argv, exit } from 'node:process';
import { performance } from 'node:perf_hooks';
import { createLog } from '../../dist/adapters/log.js';
import { loadConfig } from '../../dist/config/load-config.js';
import { startDialback } from '../../dist/main.js';
import { answerUsage } from './usage.mjs';

const nowMs = () => performance.timeOrigin + performance.now();
const logFile = openSync(argv[3], 'a');
const real = createLog({ level: 'info', write: (line) => void writeSync(logFile, line) });
const dialledAtMs = new Map();

function watch({ callbackId, event, row, state, because }) {
  if (state === 'dialing' && event !== 'answered') dialledAtMs.set(callbackId, nowMs());
  if (state !== 'ended') return;
  process.send({ id: callbackId, dialledAtMs: dialledAtMs.get(callbackId), row, because });
  dialledAtMs.delete(callbackId);
}

const log = {
  ...real,
  info: (fields, message) => {
    real.info(fields, message);
    if (message === 'step') watch(fields);
  },
  warn: (fields, message) => {
    real.warn(fields, message);
    process.send({ warning: `${message}: ${fields.why ?? ''}`.slice(0, 120) });
  },
};

const dialback = await startDialback(await loadConfig(argv[2]), log);
answerUsage(() => dialback.counts());
process.on('disconnect', () => void dialback.stop(0).then(() => exit()));
process.send({ url: dialback.url });
