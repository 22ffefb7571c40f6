// The engine of `npm run bench:embedded` in a process of its own, so that its CPU time and memory are
// its own: answers each question of its parent with both.
import process, { cpuUsage, memoryUsage } from 'node:process';
import { startEmbedded } from '../../src/embedded/index.ts';

const engine = await startEmbedded();
const { drachtio, freeswitch } = engine;
process.on('message', () => {
  const { user, system } = cpuUsage();
  process.send({ cpuMs: (user + system) / 1000, rssBytes: memoryUsage().rss });
});
process.on('disconnect', () => void engine.stop());
process.send({ drachtio, freeswitch });
