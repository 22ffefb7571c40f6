/**
 * The numbers of the CPD profiles: the timing of ours, and those of the products that the others imitate, so
 * that a site can bring what it has tuned there. What they do stands in cpd/; its defaults and ranges hold here.
 */
import { TIMING_RANGES } from '../cpd/calibration.js';
import { appAmdRule, DEFAULT_OPTIONS, gvpRule, type TimingRule } from '../cpd/options.js';
import { block, option } from './schema-parts.js';
import { milliseconds } from './schema-terms.js';
import type { OptionSpec, ValueType } from './schema-types.js';

const AMD_DEFAULTS = appAmdRule(DEFAULT_OPTIONS);
const GVP_DEFAULTS = gvpRule(DEFAULT_OPTIONS);
const AS_A_WHOLE = 'The block of a service takes the place of the whole block in `defaults`.';
const MOST_MS = 120_000;

const amd = (
  key: keyof typeof AMD_DEFAULTS,
  theirName: string,
  doc: string,
  type?: ValueType,
): OptionSpec =>
  option(key, type ?? milliseconds(0, MOST_MS), `\`${theirName}\`. ${doc}`, {
    default: AMD_DEFAULTS[key],
    source: 'Asterisk, amd.conf',
  });

const gvp = (key: keyof typeof GVP_DEFAULTS, theirName: string, doc: string): OptionSpec =>
  option(key, milliseconds(0, MOST_MS), `\`${theirName}\`. ${doc}`, {
    default: GVP_DEFAULTS[key],
    source: 'GVP, call progress analysis (names; the defaults are ours)',
  });

const timing = (key: keyof TimingRule, doc: string): OptionSpec =>
  option(key, milliseconds(...TIMING_RANGES[key]), doc, {
    defaultSays: 'of `cpd.calibration`, else of the profile',
  });

export const CPD_TIMING: OptionSpec = block(
  'cpdTiming',
  `When \`human-first\`, \`balanced\` and \`machine-first\` decide, in place of the profile’s own times; docs/cpd.md says what other values cost. ${AS_A_WHOLE}`,
  [
    timing('machineSpeechMs', 'Speech of this length without a telling pause is a machine.'),
    timing('shortestPauseMs', 'The pause that makes a human of the shortest word.'),
    timing('pausePerSecondMs', 'So much longer the pause for each second of speech before it.'),
  ],
);

export const APP_AMD: OptionSpec = block(
  'appAmd',
  `Parameters of \`cpdProfile: app-amd\`, those of \`AMD()\` and \`amd.conf\` by their names there in camelCase. ${AS_A_WHOLE}`,
  [
    amd('initialSilenceMs', 'initial_silence', 'Machine after so much silence and no greeting.'),
    amd('greetingMs', 'greeting', 'Machine after so much voice in the greeting.'),
    amd(
      'afterGreetingSilenceMs',
      'after_greeting_silence',
      'Human after so much silence behind the greeting.',
    ),
    amd(
      'totalAnalysisTimeMs',
      'total_analysis_time',
      'Unknown when nothing is decided after so long.',
    ),
    amd('minWordLengthMs', 'min_word_length', 'So much voice is a word.'),
    amd('maximumWordLengthMs', 'maximum_word_length', 'Machine after a word of this length.'),
    amd('betweenWordsSilenceMs', 'between_words_silence', 'So much silence ends a word.'),
    amd('maximumNumberOfWords', 'maximum_number_of_words', 'Machine after more words than these.', {
      kind: 'integer',
      min: 0,
      max: 1000,
    }),
    amd(
      'silenceThreshold',
      'silence_threshold',
      'From this mean of the samples’ magnitudes on 16 ms are voice; full scale is 32768.',
      { kind: 'integer', min: 0, max: 32_767 },
    ),
  ],
);

export const GVP: OptionSpec = block('gvp', `Durations of \`cpdProfile: gvp\`. ${AS_A_WHOLE}`, [
  gvp('voicePauseMs', 'cpa.priority_*_voicepausedur', 'The pause after voice that decides.'),
  gvp(
    'maxVoiceSignalMs',
    'cpa.priority_*_maxvoicesigdur',
    'Human when a segment of voice before the pause is shorter.',
  ),
  gvp(
    'machineGreetingMs',
    'cpa.priority_*_machinegreetingdur',
    'Machine after a segment of voice of this length.',
  ),
  gvp(
    'maxPostConnectMs',
    'cpa.maxpostconntime',
    'Silence when no voice with a pause has come by then.',
  ),
]);
