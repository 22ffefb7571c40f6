import assert from 'node:assert/strict';
import { parseCalibration } from '../../../src/cpd/calibration.js';
import {
  calibrate,
  calibrationOf,
  candidatesOf,
  isTeaching,
} from '../../../src/cpd/evaluate/calibrate.js';
import { parseLabels, type LabelledClip } from '../../../src/cpd/evaluate/labels.js';
import type { ClipOutcome } from '../../../src/cpd/evaluate/outcome.js';
import type { TimingRule } from '../../../src/cpd/options.js';

const HEADER = 'file\tclass\tphase\tsource_group\tspeech_on_ms\tgreeting_end_ms';

/** People who speak so long in one go, and machines that do. ms; six voices of each */
function clipsOf(people: readonly number[], machines: readonly number[]): LabelledClip[] {
  const rows = (className: string, lengths: readonly number[]) =>
    lengths.map((ms, i) => `${className}${i}\t${className}\tpost\t${className}${i % 6}\t0\t${ms}`);
  const lines = [HEADER, ...rows('human_short', people), ...rows('machine_nobeep', machines)];
  return [...parseLabels(lines.join('\n')).clips];
}

/** What a timing rule makes of speech in one go, then silence. */
function judge({ greetingEndMs }: LabelledClip, timing: TimingRule): ClipOutcome {
  const spokenMs = greetingEndMs!;
  const isMachine = spokenMs >= timing.machineSpeechMs;
  const pauseMs = timing.shortestPauseMs + (timing.pausePerSecondMs * spokenMs) / 1000;
  return {
    verdict: isMachine ? 'machine' : 'human',
    decidedAtMs: isMachine ? timing.machineSpeechMs : spokenMs + pauseMs,
    revisedTo: null,
    revisedAtMs: null,
    greetingEndMs: null,
    greetingEndSaidAtMs: null,
    beepAtMs: null,
    beepStartMs: null,
    beepEndMs: null,
    tones: [],
    reason: '',
    confidence: 1,
  };
}

const spread = (count: number, from: number, to: number): number[] =>
  Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));

function run(profile: 'human-first' | 'machine-first', clips: readonly LabelledClip[]) {
  const candidates = candidatesOf(profile);
  return calibrate(
    profile,
    clips,
    clips.map((clip) => candidates.map((timing) => judge(clip, timing))),
  );
}

describe('calibrating the timing', () => {
  it('finds that people here speak longer than the product thinks, and keeps it', () => {
    const clips = clipsOf(spread(60, 400, 3000), spread(60, 4500, 9000));
    const found = run('machine-first', clips);
    assert.ok(found.isKept);
    assert.ok(found.found.machineSpeechMs > 3000 && found.found.machineSpeechMs <= 4500);
    assert.ok(found.heldOutFound < found.heldOutBefore);
    const written = JSON.stringify(calibrationOf([found], clips));
    const read = parseCalibration(written);
    assert.ok(read.ok);
    assert.deepEqual(read.calibration.profiles, { 'machine-first': found.found });
    assert.deepEqual(read.calibration.trainedOn, { clips: 120, groups: 12 });
  });

  it('keeps nothing where nothing is better than chance', () => {
    const clips = clipsOf(spread(30, 300, 1000), spread(30, 8000, 9000));
    const own = candidatesOf('human-first')[0]!;
    const always = clips.map((clip) => candidatesOf('human-first').map(() => judge(clip, own)));
    const found = calibrate('human-first', clips, always);
    assert.equal(found.isKept, false);
    assert.deepEqual(found.found, own);
    assert.deepEqual(calibrationOf([found], clips).profiles, {});
  });

  it('weighs a lost person as the profile does', () => {
    const mixed = clipsOf(spread(60, 400, 2600), spread(60, 2000, 4000));
    const careful = run('human-first', mixed).found.machineSpeechMs;
    const strict = run('machine-first', mixed).found.machineSpeechMs;
    assert.ok(careful > strict, `${careful} and ${strict}`);
  });

  it('learns from answered calls of people and machines only', () => {
    const header = 'file\tclass\tphase\n';
    const { clips } = parseLabels(
      `${header}a\thuman_short\tpost\nb\tbusy\tpre\nc\tmusic\tpost\nd\tmachine_beep\tpost`,
    );
    assert.deepEqual(
      clips.filter(isTeaching).map(({ file }) => file),
      ['a', 'd'],
    );
  });
});
