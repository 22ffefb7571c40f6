import assert from 'node:assert/strict';
import { parseLabels } from '../../../src/cpd/evaluate/labels.js';
import { outcomeOf, type ClipOutcome } from '../../../src/cpd/evaluate/outcome.js';
import { reportGroups, reportText } from '../../../src/cpd/evaluate/report.js';
import { isRight, score, scoreBy, type Judged } from '../../../src/cpd/evaluate/score.js';
import { replay } from '../../../src/cpd/replay.js';
import { join, media, silence, tone } from '../sounds.js';

const HEADER =
  'file\tclass\tphase\texpect\tsource_group\tcountry\tanswer_ms\tspeech_on_ms\tgreeting_end_ms\tbeep_ms\tbeep_end_ms';

const NOTHING: ClipOutcome = {
  verdict: 'unknown',
  decidedAtMs: 0,
  revisedTo: null,
  revisedAtMs: null,
  greetingEndMs: null,
  greetingEndSaidAtMs: null,
  beepAtMs: null,
  beepStartMs: null,
  beepEndMs: null,
  tones: [],
  reason: '',
  confidence: 0,
};

function judged(row: string, outcome: Partial<ClipOutcome>): Judged {
  const { clips, problems } = parseLabels(`${HEADER}\n${row}`);
  assert.deepEqual(problems, []);
  return { clip: clips[0]!, outcome: { ...NOTHING, ...outcome } };
}

describe('scoring', () => {
  it('counts the first verdict and the one in the end apart', () => {
    const { classes, latencies } = score([
      judged('a\thuman_short\tpost\thuman\tv1\t\t\t300\t1000', {
        verdict: 'human',
        decidedAtMs: 1500,
      }),
      judged('b\thuman_short\tpost\thuman\tv2\t\t\t300\t1000', {
        verdict: 'human',
        decidedAtMs: 1700,
        revisedTo: 'machine',
        revisedAtMs: 9000,
      }),
      judged('c\tmachine_beep\tpost\tmachine\tv3\t\t\t500\t4000', {
        verdict: 'human',
        decidedAtMs: 2000,
        revisedTo: 'machine',
        revisedAtMs: 4500,
      }),
    ]);
    const [humans, machines] = classes;
    assert.equal(humans?.first.share, 1);
    assert.equal(humans.final.share, 0.5);
    assert.equal(humans.machineInTheEnd.hits, 1);
    assert.deepEqual(humans.takenFor, { machine: 1 });
    assert.equal(machines?.first.share, 0);
    assert.equal(machines.final.share, 1);
    assert.deepEqual(latencies.humanAfterUtterance, { count: 2, p50: 600, p95: 690 });
    assert.equal(latencies.machineAfterOnset.p50, 4000);
  });

  it('takes a beep reported before the beep for a false one', () => {
    const row = 'a\tmachine_beep\tpost\tmachine\tv\t\t\t0\t4000\t5000\t5400';
    const { beep, latencies } = score([
      judged(row, { verdict: 'machine', beepAtMs: 5520 }),
      judged(row, { verdict: 'machine', beepAtMs: 3000 }),
      judged(row, { verdict: 'machine', beepAtMs: 9000 }),
      judged(row, { verdict: 'machine' }),
      judged('b\thuman_short\tpost\thuman\tv', { verdict: 'human', beepAtMs: 1 }),
      judged('c\tsit\tpre\tsit\tv\tIC', { verdict: 'sit', beepAtMs: 1 }),
    ]);
    assert.equal(beep.found.hits, 1);
    assert.equal(beep.falseBefore.hits, 1);
    assert.equal(beep.found.count, 4);
    assert.equal(beep.falseOnHuman.share, 1);
    assert.equal(beep.falseOnTones.share, 1);
    assert.equal(latencies.beepAfterEnd.p50, 120);
  });

  it('scores tones: the family of busy, the kind of an information tone, tones where none are', () => {
    const { tones, latencies } = score([
      judged('a\tbusy\tpre\tbusy\tv\tus\t\t100', { verdict: 'reorder', decidedAtMs: 1100 }),
      judged('b\tbusy\tpre\tbusy\tv\t\t\t100', { verdict: 'busy-or-congestion' }),
      judged('c\tsit\tpre\tsit\tv\tIC\t\t100', { verdict: 'sit-intercept', decidedAtMs: 1000 }),
      judged('d\tsit\tpre\tsit\tv\tVC', { verdict: 'sit' }),
      judged('e\tmusic\tpre\tmusic\tv', { tones: [{ tone: 'busy', atMs: 1 }] }),
      judged('f\tnoise\tpost\tsilence_or_noise\tv', {}),
    ]);
    assert.equal(tones.busyFamily.share, 1);
    assert.deepEqual([tones.sitKind.hits, tones.sitKind.count], [1, 2]);
    assert.deepEqual([tones.falseTones.hits, tones.falseTones.count], [1, 2]);
    assert.equal(latencies.sitAfterThirdTone.p50, 1000 - 100 - (274 + 274 + 380));
  });

  it('takes noise for right whichever word says that nobody is there', () => {
    assert.ok(isRight('silence_or_noise', 'noise') && isRight('silence_or_noise', 'unknown'));
    assert.ok(!isRight('silence', 'unknown') && !isRight('busy', 'busy-or-congestion'));
    assert.ok(isRight('sit', 'sit-vacant'));
  });

  it('prints what it counted', () => {
    const clips = [
      judged('a\thuman_short\tpost\thuman\tv1\t\t\t300\t1000', { verdict: 'machine' }),
      judged('b\thuman_short\tpost\thuman\tv2\t\t\t300\t1000', {
        verdict: 'human',
        decidedAtMs: 1500,
      }),
    ];
    const shown = { profile: 'balanced', score: score(clips) };
    const text = reportText(shown, [shown]);
    assert.match(text, /human_short +2 +2 +50\.0 +50\.0 .* machine 1/);
    assert.match(text, /balanced +50\.0\/50\.0/);
    const groups = reportGroups(scoreBy(clips, ({ clip }) => clip.group)).split('\n');
    assert.match(groups[1]!, /^v1 +1 +1 +0\.0/);
  });
});

describe('the outcome of a clip', () => {
  it('names ringback before an answer, and the verdict after it', () => {
    const ring = join(
      silence(300),
      tone([425], 1000),
      silence(4000),
      tone([425], 1000),
      silence(500),
    );
    const early = outcomeOf(replay(ring, { answeredAtMs: null }), null);
    assert.equal(early.verdict, 'ringback');
    assert.ok(early.decidedAtMs > 1300 && early.decidedAtMs < 6500);
    const answered = join(ring, media('far-end/hello.wav'), silence(3000));
    const outcome = outcomeOf(replay(answered, { answeredAtMs: 6800 }), 6800);
    assert.equal(outcome.verdict, 'human');
    assert.ok(outcome.decidedAtMs > 6800);
  });

  it('says when a beep was reported, which is after its end', () => {
    const outcome = outcomeOf(
      replay(join(media('far-end/greeting.wav'), silence(200), tone([1000], 500), silence(2000))),
      0,
    );
    assert.ok(outcome.beepAtMs! > outcome.beepEndMs!);
    assert.ok(outcome.beepEndMs! - outcome.beepStartMs! > 400);
    assert.equal(outcome.verdict, 'machine');
  });
});
