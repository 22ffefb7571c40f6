// The embedded engine from the build, in a process of its own, for `npm run bench:calls`.
import process, { exit } from 'node:process';
import { startEmbedded } from '../../dist/embedded/index.js';

const engine = await startEmbedded();
const { drachtio, freeswitch } = engine;
process.on('disconnect', () => void engine.stop().then(() => exit()));
process.send({ drachtio, freeswitch });
