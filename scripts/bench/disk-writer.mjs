// Keeps a disk busy for `npm run bench:store`: writes 8 MiB and waits until they are on the disk,
// again and again, until its parent goes.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import process, { argv, exit } from 'node:process';
import { setImmediate } from 'node:timers';

const BLOCK = Buffer.alloc(8 << 20, 0x5a);
const file = openSync(argv[2], 'w');

function writeOn() {
  writeSync(file, BLOCK, 0, BLOCK.length, 0);
  fsyncSync(file);
  process.send('written', () => setImmediate(writeOn));
}

process.on('disconnect', () => {
  closeSync(file);
  exit();
});
writeOn();
