/**
 * The embedded media server against transcripts of a real FreeSWITCH 1.10.12 (goldens/esl.txt).
 *
 * With DIALBACK_FREESWITCH=host:port,secret and DIALBACK_DRACHTIO=host:port,secret the same
 * scenarios run against real servers on this machine and must give the committed transcript; with
 * DIALBACK_RECORD=1 as well, the transcript is written anew; with a regular expression instead of the
 * 1, that of the scenarios whose names match.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { startEmbedded, type EmbeddedEngine } from '../../src/embedded/index.js';
import { KNOWN_DIFFERENCES } from './esl-differences.js';
import { SCENARIOS, transcribe } from './esl-scenarios.js';
import { MediaBench, type Target } from './media-bench.js';

const GOLDEN = new URL('./goldens/esl.txt', import.meta.url);
const AT_ONCE = 6;

function realTarget(): Target | undefined {
  const parse = (
    text: string | undefined,
  ): { host: string; port: number; secret: string } | undefined => {
    const match = /^(.+):(\d+),(.+)$/.exec(text ?? '');
    return match
      ? { host: match[1] ?? '', port: Number(match[2]), secret: match[3] ?? '' }
      : undefined;
  };
  const freeswitch = parse(process.env['DIALBACK_FREESWITCH']);
  const drachtio = parse(process.env['DIALBACK_DRACHTIO']);
  if (!freeswitch || !drachtio) return undefined;
  return { drachtio, freeswitch: { ...freeswitch, profile: 'drachtio_mrf' } };
}

/** Runs all scenarios, a few at a time, and keeps the longest transcript of each. */
async function transcribeAll(
  bench: MediaBench,
  transcripts = new Map<string, string>(),
  wanted = /^/,
): Promise<Map<string, string>> {
  const queue = SCENARIOS.filter(({ name }) => wanted.test(name));
  const work = async (): Promise<void> => {
    for (let scenario = queue.shift(); scenario; scenario = queue.shift()) {
      const failed = (error: Error): string => `## ${scenario?.name}\nFAILED ${error.message}\n`;
      const transcript = await transcribe(scenario, bench).catch(failed);
      const former = transcripts.get(scenario.name) ?? '';
      if (transcript.length > former.length) transcripts.set(scenario.name, transcript);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return transcripts;
}

/** With the lines of pressed keys behind all others. */
function keysLast(transcript: string): string {
  const lines = transcript.split('\n');
  const isKey = (line: string): boolean => line.startsWith('<- EVENT DTMF');
  return [...lines.filter((line) => !isKey(line)), ...lines.filter(isKey)].join('\n');
}

/** What the embedded server says where FreeSWITCH says `whole`. */
function applyDifferences(scenario: string, whole: string): string {
  let wanted = whole;
  for (const difference of KNOWN_DIFFERENCES.filter((d) => d.scenario === scenario)) {
    if ('losesLastEvents' in difference) {
      assert.match(wanted, /Answer-State=hangup/, 'the golden transcript has no last events');
      wanted = withoutLostEvents(wanted, '');
    } else {
      const { real, embedded } = difference;
      assert.ok(wanted.includes(real), `the golden transcript does not say "${real}" any more`);
      wanted = wanted.replaceAll(real, embedded);
    }
  }
  return wanted;
}

/**
 * FreeSWITCH tears the event socket off in one thread while another still reports the end of the
 * channel: of the last events, some or all may be missing. The golden file has all of them.
 */
function withoutLostEvents(golden: string, actual: string): string {
  const isAtEnd = (line: string): boolean => line.includes('Answer-State=hangup');
  const seen = actual.split('\n').filter(isAtEnd).length;
  let count = 0;
  return golden
    .split('\n')
    .filter((line) => !isAtEnd(line) || ++count <= seen)
    .join('\n');
}

function readGolden(text: string): Map<string, string> {
  return new Map(
    text
      .split(/^(?=## )/m)
      .filter((section) => section.startsWith('## '))
      .map((section) => [section.split('\n')[0]?.slice(3) ?? '', `${section.trimEnd()}\n`]),
  );
}

describe('The event socket, compared with FreeSWITCH 1.10.12', () => {
  const target = realTarget();
  let engine: EmbeddedEngine | undefined;
  let bench: MediaBench;
  let transcripts = new Map<string, string>();
  let golden = new Map<string, string>();

  before(async function () {
    this.timeout(300_000);
    engine = target ? undefined : await startEmbedded({ t1Ms: 50 });
    const connected = target ?? engine;
    assert.ok(connected);
    bench = await MediaBench.connect(connected);
    const record = target && process.env['DIALBACK_RECORD'];
    const wanted = record && record !== '1' ? new RegExp(record) : /^/;
    transcripts = await transcribeAll(bench, transcripts, wanted);
    golden = readGolden(await readFile(GOLDEN, 'utf8'));
    if (!record) return;
    for (let again = 0; again < 3; again++) await transcribeAll(bench, transcripts, wanted);
    golden = new Map(
      SCENARIOS.map(({ name }) => [name, transcripts.get(name) ?? golden.get(name) ?? '']),
    );
    for (const [name, transcript] of golden) transcripts.set(name, transcript);
    await writeFile(GOLDEN, [...golden.values()].join('\n'));
    golden = readGolden(await readFile(GOLDEN, 'utf8'));
  });

  after(async function () {
    this.timeout(30_000);
    await bench.close();
    await engine?.stop();
  });

  for (const { name, areKeysApart = false } of SCENARIOS) {
    it(`gives the same transcript: ${name}`, () => {
      const actual = `${(transcripts.get(name) ?? '').trimEnd()}\n`;
      const whole = golden.get(name) ?? 'not in the golden file';
      const wanted = target ? withoutLostEvents(whole, actual) : applyDifferences(name, whole);
      if (areKeysApart) assert.equal(keysLast(actual), keysLast(wanted));
      else assert.equal(actual, wanted);
    });
  }

  it('has a transcript for every scenario, and no scenario twice', () => {
    assert.deepEqual([...golden.keys()], [...new Set(SCENARIOS.map(({ name }) => name))]);
  });

  it('lists only differences of scenarios that exist', () => {
    for (const { scenario } of KNOWN_DIFFERENCES) assert.ok(golden.has(scenario), scenario);
  });
});
