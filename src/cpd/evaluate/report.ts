/** Turns scores into text for a terminal. Numbers only; what they mean is said in docs/cpd.md. */
import type { ClassScore, EvaluationScore, Latency, Share } from './score.js';
import type { Interval } from './statistics.js';

/** A profile and how it did. */
export interface ProfileScore {
  readonly profile: string;
  readonly score: EvaluationScore;
}

/** Classes whose share a point of the curve shows. */
const CURVE_CLASSES = ['human_short', 'human_business', 'machine_beep', 'machine_nobeep'];

/**
 * @param shown the profile whose details are shown
 * @param curve all profiles that were run
 */
export function reportText(shown: ProfileScore, curve: readonly ProfileScore[]): string {
  const { score } = shown;
  return [
    `Profile ${shown.profile}`,
    '',
    ...table([classHeader('class'), ...score.classes.map(classRow)]),
    '',
    ...table([['share', 'hits', '', '95 % (Wilson)', '95 % (groups)'], ...shareRows(score)]),
    '',
    ...table([['time, ms', 'clips', 'p50', 'p95'], ...latencyRows(score)]),
    '',
    ...table([curveHeader(), ...curve.map(curveRow)]),
    '',
  ].join('\n');
}

/** Each source group on its own, worst first: whether a share hangs on a few voices. */
export function reportGroups(groups: readonly ClassScore[]): string {
  const sorted = [...groups].sort((a, b) => (a.final.share ?? 1) - (b.final.share ?? 1));
  return [...table([classHeader('class/group'), ...sorted.map(classRow)]), ''].join('\n');
}

const classHeader = (first: string): string[] => [
  first,
  'clips',
  'groups',
  'first',
  'final',
  '95 % (Wilson)',
  '95 % (groups)',
  'taken for',
];

function classRow(score: ClassScore): string[] {
  const { className, clips, groups, first, final, takenFor } = score;
  const wrong = Object.entries(takenFor)
    .sort(([, a], [, b]) => b - a)
    .map(([word, count]) => `${word} ${count}`);
  return [
    className,
    String(clips),
    String(groups),
    percent(first.share),
    percent(final.share),
    interval(final.wilson),
    interval(final.clustered),
    wrong.join(', '),
  ];
}

function shareRows({ beep, tones, realVoicemail }: EvaluationScore): string[][] {
  const rows: readonly (readonly [string, Share])[] = [
    ['real voicemail: machine in the end', realVoicemail],
    ['beep found', beep.found],
    ['beep reported before it', beep.falseBefore],
    ['beep on human', beep.falseOnHuman],
    ['beep on machine without one', beep.falseOnBeeplessMachine],
    ['beep on network tones, fax', beep.falseOnTones],
    ['beep on music, noise, announcement', beep.falseOnMusicAndNoise],
    ['busy or reorder, as either', tones.busyFamily],
    ['SIT kind (IC, VC, RO, NC)', tones.sitKind],
    ['tone on speech, music, noise', tones.falseTones],
  ];
  return rows.map(([name, share]) => [
    name,
    `${share.hits}/${share.count}`,
    percent(share.share),
    share.count === 0 ? '' : interval(share.wilson),
    share.count === 0 ? '' : interval(share.clustered),
  ]);
}

function latencyRows({ latencies }: EvaluationScore): string[][] {
  const rows: readonly (readonly [string, Latency])[] = [
    ['human, from the end of the utterance', latencies.humanAfterUtterance],
    ['machine, from the onset of speech', latencies.machineAfterOnset],
    ['beep, from its end', latencies.beepAfterEnd],
    ['greeting ended, from its end', latencies.greetingEndAfterEnd],
    ['fax, from the start of the tone', latencies.faxAfterToneStart],
    ['busy, reorder, from the start of the tone', latencies.busyAndReorderAfterToneStart],
    ['ringback, from the start of the tone', latencies.ringbackAfterToneStart],
    ['SIT, from the end of the third tone', latencies.sitAfterThirdTone],
  ];
  return rows.map(([name, { count, p50, p95 }]) => [name, String(count), ms(p50), ms(p95)]);
}

const curveHeader = (): string[] => [
  'profile',
  ...CURVE_CLASSES.map((name) => `${name} first/final`),
  'human -> machine',
  'human p50/p95 ms',
  'machine p50 ms',
];

function curveRow({ profile, score }: ProfileScore): string[] {
  const classOf = (name: string): ClassScore | undefined =>
    score.classes.find(({ className }) => className === name);
  const humans = score.classes.filter(({ className }) => className.startsWith('human'));
  const lost = humans.reduce((sum, { machineInTheEnd }) => sum + machineInTheEnd.hits, 0);
  const all = humans.reduce((sum, { clips }) => sum + clips, 0);
  const { humanAfterUtterance: human, machineAfterOnset: machine } = score.latencies;
  return [
    profile,
    ...CURVE_CLASSES.map((name) => {
      const found = classOf(name);
      return found ? `${percent(found.first.share)}/${percent(found.final.share)}` : '-';
    }),
    all === 0 ? '-' : percent(lost / all),
    `${ms(human.p50)}/${ms(human.p95)}`,
    ms(machine.p50),
  ];
}

const percent = (share: number | null): string => (share === null ? '-' : (100 * share).toFixed(1));

const interval = ({ low, high }: Interval): string => `${percent(low)}..${percent(high)}`;

const ms = (value: number | null): string => (value === null ? '-' : String(Math.round(value)));

/** Columns as wide as their widest cell; the first and the last are text, the others numbers. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === 7
          ? cell.padEnd(widths[column]!)
          : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
}
