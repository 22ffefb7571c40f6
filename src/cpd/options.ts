/**
 * What can be set on a detector, with the defaults and where they come from. Every threshold that
 * weighs a lost human against a missed machine is in a profile; the others are physics of the line.
 */

export type Profile = 'human-first' | 'balanced' | 'machine-first';

/**
 * The timing rule of a profile. A far end that speaks and then waits is a human; one that keeps
 * speaking is a machine. The clock starts when speech starts, never when the call is answered.
 */
export interface TimingRule {
  /** Speech this long without a telling pause is a machine. ms */
  readonly machineSpeechMs: number;
  /** Speech up to this length is "short": a pause of `shortPauseMs` makes it a human. ms */
  readonly shortSpeechMs: number;
  readonly shortPauseMs: number;
  /** Speech up to this length is "middling": a pause of `middlePauseMs` makes it a human. ms */
  readonly middleSpeechMs: number;
  readonly middlePauseMs: number;
  /** Longer speech, up to `machineSpeechMs`, needs this pause. ms */
  readonly longPauseMs: number;
}

export interface CpdOptions {
  /** Rate of the samples given to `push`. 16000 is halved inside. Hz */
  readonly sampleRateHz: 8000 | 16000;
  /** Which error is worse. `human-first` suits callbacks: the customer asked for the call. */
  readonly profile: Profile;
  /** Country of the dialled number, ISO 3166 alpha-2; settles whether a cadence is busy or reorder. */
  readonly country?: string;
  /** Replaces single values of the profile's timing rule. */
  readonly timing: Partial<TimingRule>;
  /** Nobody spoke for this long after the answer: silence. 500..60000 ms */
  readonly silenceTimeoutMs: number;
  /** Sound, but nothing that could be judged, for this long after the answer: unknown. 1000..60000 ms */
  readonly decisionTimeoutMs: number;
  /** After "human", how long speech that goes on may still take the verdict back. 0..60000 ms */
  readonly revisionWindowMs: number;
  /** After "human", how long a beep may, which is far surer a sign. 0..120000 ms */
  readonly beepWindowMs: number;
  /** Unbroken speech that takes "human" back to "machine". 1000..20000 ms */
  readonly revisionSpeechMs: number;
  /** A pause this long ends a machine's greeting when no beep came. 500..10000 ms */
  readonly greetingEndPauseMs: number;
  /** A machine that never pauses nor beeps: greeting taken as ended this long after its start. ms */
  readonly greetingMaxMs: number;
  /** Shortest and longest single tone that may be a beep. ms */
  readonly beepMinMs: number;
  readonly beepMaxMs: number;
  /** How long an answer tone (2100 Hz) must last to be a fax. ms */
  readonly cedMinMs: number;
  /** Quieter frames are never speech. dB relative to full scale */
  readonly speechFloorDb: number;
}

const PROFILES: Readonly<Record<Profile, TimingRule>> = {
  'human-first': {
    machineSpeechMs: 3500,
    shortSpeechMs: 900,
    shortPauseMs: 520,
    middleSpeechMs: 1800,
    middlePauseMs: 720,
    longPauseMs: 850,
  },
  balanced: {
    machineSpeechMs: 2200,
    shortSpeechMs: 900,
    shortPauseMs: 560,
    middleSpeechMs: 1800,
    middlePauseMs: 800,
    longPauseMs: 900,
  },
  'machine-first': {
    machineSpeechMs: 1800,
    shortSpeechMs: 900,
    shortPauseMs: 640,
    middleSpeechMs: 1400,
    middlePauseMs: 900,
    longPauseMs: 1000,
  },
};

/** In the order of the curve, from the fewest lost humans to the fewest missed machines. */
export const PROFILE_NAMES = Object.keys(PROFILES) as readonly Profile[];

export const DEFAULT_OPTIONS: CpdOptions = {
  sampleRateHz: 8000,
  profile: 'human-first',
  timing: {},
  silenceTimeoutMs: 5000,
  decisionTimeoutMs: 12_000,
  revisionWindowMs: 8000,
  beepWindowMs: 20_000,
  revisionSpeechMs: 3500,
  greetingEndPauseMs: 1800,
  greetingMaxMs: 60_000,
  beepMinMs: 70,
  beepMaxMs: 1500,
  cedMinMs: 400,
  speechFloorDb: -52,
};

const RANGES: Readonly<Partial<Record<keyof CpdOptions, readonly [number, number]>>> = {
  silenceTimeoutMs: [500, 60_000],
  decisionTimeoutMs: [1000, 60_000],
  revisionWindowMs: [0, 60_000],
  beepWindowMs: [0, 120_000],
  revisionSpeechMs: [1000, 20_000],
  greetingEndPauseMs: [500, 10_000],
  greetingMaxMs: [1000, 600_000],
  beepMinMs: [40, 1000],
  beepMaxMs: [100, 5000],
  cedMinMs: [200, 3000],
  speechFloorDb: [-80, -10],
};

/**
 * Fills in defaults and checks ranges.
 * @throws RangeError naming the option, when a value is outside its documented range.
 */
export function resolveOptions(given: Partial<CpdOptions> = {}): CpdOptions {
  const options: CpdOptions = { ...DEFAULT_OPTIONS, ...withoutUndefined(given) };
  if (options.sampleRateHz !== 8000 && options.sampleRateHz !== 16000)
    throw new RangeError(`sampleRateHz is ${String(options.sampleRateHz)}; allowed: 8000, 16000`);
  if (!(options.profile in PROFILES))
    throw new RangeError(
      `profile is "${String(options.profile)}"; allowed: ${Object.keys(PROFILES).join(', ')}`,
    );
  for (const [name, range] of Object.entries(RANGES)) {
    const value = options[name as keyof CpdOptions];
    if (typeof value !== 'number' || !(value >= range[0] && value <= range[1]))
      throw new RangeError(
        `${name} is ${JSON.stringify(value)}; allowed: ${range[0]} to ${range[1]}`,
      );
  }
  return options;
}

/** The timing rule in force: the profile's, with the single values the options replace. */
export function timingRule(options: CpdOptions): TimingRule {
  return { ...PROFILES[options.profile], ...withoutUndefined(options.timing) };
}

/** Drops keys that are present but undefined, so that they do not hide a default. */
function withoutUndefined<T extends object>(given: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
