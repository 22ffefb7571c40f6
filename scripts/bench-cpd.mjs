// `npm run bench:cpd`: what call progress detection costs. Audio seconds per CPU second, which is calls
// per core, with everything on and the packets decoded as in a worker; how long a single packet takes;
// memory of a call; growth of the heap over an hour of audio; allocation per packet. CPU time is
// counted, not time on the wall, so that other programs do not change the result much.
import { loadavg } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TapFeed } from '../src/adapters/cpd/tap-feed.ts';
import { CpdDetector } from '../src/cpd/detector.ts';
import { CALLS, join } from './bench/call-audio.mjs';

const TARGETS = { callsPerCore: 700, pushP99Ms: 0.2, memoryKb: 64, growthKb: 0 };
const FRAME_MS = 20;
const FRAME_BYTES = 320;
const PARALLEL_CALLS = 200;
const TURNS = 250;
const MEMORY_CALLS = 400;
const HOUR_CALLS = 6;
/** What is below this is the measurement's own noise. kB */
const GROWTH_NOISE_KB = 16;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

const row = (...cells) =>
  console.log(cells.map((cell, n) => String(cell).padEnd(n === 0 ? 44 : 18)).join(''));
const percentile = (sorted, share) => sorted[Math.floor(share * (sorted.length - 1))];
const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const heapKb = () => {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1024;
};

function packetsOf(samples) {
  const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return Array.from({ length: Math.floor(bytes.length / FRAME_BYTES) }, (_, i) =>
    bytes.subarray(i * FRAME_BYTES, (i + 1) * FRAME_BYTES),
  );
}

/** A call as a worker runs it, answered after `answeredMs`. */
function startCall(answeredMs = 0) {
  let events = 0;
  const detector = new CpdDetector({}, () => events++);
  const feed = new TapFeed(detector);
  let nowMs = 0;
  let isAnswered = false;
  return {
    detector,
    take(packet) {
      if (!isAnswered && nowMs >= answeredMs) {
        isAnswered = true;
        feed.answered(nowMs);
      }
      feed.packet(packet, nowMs);
      nowMs += FRAME_MS;
    },
    get events() {
      return events;
    },
  };
}

function speedOf(packets, times) {
  const before = cpuMs();
  for (let n = 0; n < times; n++) {
    const call = startCall();
    for (const packet of packets) call.take(packet);
  }
  return (times * packets.length * FRAME_MS) / (cpuMs() - before);
}

/** Many calls at once, each at another place of its audio, one packet each in turn. */
function measureInParallel(packets, onPacket = (take) => take()) {
  const calls = Array.from({ length: PARALLEL_CALLS }, () => startCall());
  const before = cpuMs();
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [i, call] of calls.entries()) {
      const packet = packets[(turn + 37 * i) % packets.length];
      onPacket(() => call.take(packet));
    }
  }
  return (TURNS * PARALLEL_CALLS * FRAME_MS) / (cpuMs() - before);
}

/** CPU time of single packets, sorted; asking for it costs as much as some packets do. ms */
function timesOfPackets(packets) {
  const times = [];
  measureInParallel(packets, (take) => {
    const start = cpuMs();
    take();
    times.push(cpuMs() - start);
  });
  return times.sort((a, b) => a - b);
}

function measureMemory(packets) {
  const before = heapKb();
  const calls = Array.from({ length: MEMORY_CALLS }, (_, i) => {
    const call = startCall();
    for (let n = 0; n < 500; n++) call.take(packets[(n + 53 * i) % packets.length]);
    return call;
  });
  const used = (heapKb() - before) / calls.length;
  return {
    used,
    traceEntries:
      calls.reduce((sum, { detector }) => sum + detector.trace.length, 0) / calls.length,
  };
}

/**
 * An hour of some calls at once: what the compiler keeps for itself comes and goes by tens of kilobytes,
 * and several calls tell it from what a call keeps.
 * @returns growth of a call in its first 10 and its last 50 minutes, kB
 */
function measureHour(packets) {
  const calls = Array.from({ length: HOUR_CALLS }, () => startCall());
  const feed = (minutes) => {
    for (const call of calls)
      for (let n = 0; n < (minutes * 60_000) / FRAME_MS; n++)
        call.take(packets[n % packets.length]);
  };
  const atStart = heapKb();
  feed(10);
  const afterTen = heapKb();
  feed(50);
  const afterHour = heapKb();
  return {
    early: (afterTen - atStart) / calls.length,
    late: (afterHour - afterTen) / calls.length,
    trace: calls[0].detector.trace.length,
  };
}

/** Bytes of garbage a packet leaves behind, where nothing is said and noted. */
function measureAllocation(packets) {
  const call = startCall();
  for (let n = 0; n < 3000; n++) call.take(packets[n % packets.length]);
  collect();
  let bytes = 0;
  let counted = 0;
  for (let round = 0; round < 40; round++) {
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 200; n++) call.take(packets[(n + 200 * round) % packets.length]);
    const grown = process.memoryUsage().heapUsed - before;
    // A collection in between makes it negative: such a round tells nothing.
    if (grown < 0) continue;
    bytes += grown;
    counted += 200;
  }
  return bytes / counted;
}

const mixed = packetsOf(join(...Object.values(CALLS)));
row('load average', loadavg()[0].toFixed(1));
speedOf(mixed, 3); // compiled by now

console.log('\nAudio seconds per CPU second, one call after the other');
for (const [name, samples] of Object.entries(CALLS))
  row(`  ${name}`, Math.round(speedOf(packetsOf(samples), 6)));
row('  all of them', Math.round(speedOf(mixed, 2)));

console.log(`\n${PARALLEL_CALLS} calls in turn, a packet of ${FRAME_MS} ms each`);
measureInParallel(mixed);
const speed = measureInParallel(mixed);
const times = timesOfPackets(mixed);
const p99 = percentile(times, 0.99);
row(
  '  calls per core',
  Math.round(speed),
  `target ${TARGETS.callsPerCore}`,
  `x ${(speed / TARGETS.callsPerCore).toFixed(2)}`,
);
row('  one packet, p50', `${percentile(times, 0.5).toFixed(3)} ms`);
row(
  '  one packet, p99',
  `${p99.toFixed(3)} ms`,
  `target ${TARGETS.pushP99Ms} ms`,
  `x ${(p99 / TARGETS.pushP99Ms).toFixed(2)}`,
);
row('  one packet, longest', `${times.at(-1).toFixed(3)} ms`);

console.log('\nMemory');
const memory = measureMemory(mixed);
row(
  '  of a call after 10 s',
  `${memory.used.toFixed(1)} kB`,
  `target ${TARGETS.memoryKb} kB`,
  `x ${(memory.used / TARGETS.memoryKb).toFixed(2)}`,
);
row('    of it, entries of the trace', memory.traceEntries.toFixed(0));
const hour = measureHour(mixed);
row('  growth of a call in 10 minutes', `${hour.early.toFixed(1)} kB`);
row(
  '  growth in the 50 minutes after',
  `${hour.late.toFixed(1)} kB`,
  `target ${TARGETS.growthKb}`,
  hour.late <= GROWTH_NOISE_KB ? 'met' : 'missed',
);
row('    entries of the trace after the hour', hour.trace);
row(
  '  garbage of a packet, speech',
  `${measureAllocation(packetsOf(CALLS.human).slice(500)).toFixed(0)} bytes`,
);
row(
  '  garbage of a packet, quiet line',
  `${measureAllocation(packetsOf(CALLS['a quiet line'])).toFixed(0)} bytes`,
);
