/**
 * What can be set on a detector, with the defaults and where they come from. Every threshold that
 * weighs a lost human against a missed machine is in a profile; the others are physics of the line.
 */

/** Points on one curve, from sparing people to catching machines, and two imitations of other products. */
export const PROFILE_NAMES = [
  'human-first',
  'balanced',
  'machine-first',
  'app-amd',
  'gvp',
] as const;
export type Profile = (typeof PROFILE_NAMES)[number];

/**
 * The timing rule of a profile. A far end that speaks and then waits is a human; one that keeps
 * speaking is a machine. The clock starts when speech starts, never when the call is answered.
 */
export interface TimingRule {
  /** Speech this long without a telling pause is a machine. ms */
  readonly machineSpeechMs: number;
  /** The pause that makes a human of the shortest word. ms */
  readonly shortestPauseMs: number;
  /** How much longer the pause has to be for each second of speech before it. ms */
  readonly pausePerSecondMs: number;
}

/** The parameters of Asterisk's app_amd by their names there, camelCase, and with its defaults. */
export interface AppAmdRule {
  readonly initialSilenceMs: number;
  readonly greetingMs: number;
  readonly afterGreetingSilenceMs: number;
  readonly totalAnalysisTimeMs: number;
  readonly minWordLengthMs: number;
  readonly maximumWordLengthMs: number;
  readonly betweenWordsSilenceMs: number;
  readonly maximumNumberOfWords: number;
  /** Mean of |sample| from which a frame is voice. 0..32767 */
  readonly silenceThreshold: number;
}

/**
 * The durations of GVP's published rule (`cpa.priority_*_voicepausedur`, `_maxvoicesigdur`,
 * `_machinegreetingdur`, `cpa.maxpostconntime`). Its defaults are not published; these are ours.
 */
export interface GvpRule {
  readonly voicePauseMs: number;
  readonly maxVoiceSignalMs: number;
  readonly machineGreetingMs: number;
  readonly maxPostConnectMs: number;
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
  /** Replaces single parameters of the profile `app-amd`. */
  readonly appAmd: Partial<AppAmdRule>;
  /** Replaces single parameters of the profile `gvp`. */
  readonly gvp: Partial<GvpRule>;
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
  /** Shortest and longest tone that may be a beep, without its half-filled first and last 16 ms. ms */
  readonly beepMinMs: number;
  readonly beepMaxMs: number;
  /** How long an answer tone (2100 Hz) must last to be a fax. ms */
  readonly cedMinMs: number;
  /** Quieter frames are never speech. dB relative to full scale */
  readonly speechFloorDb: number;
}

/** 1936 ms of speech are 121 looks of 16 ms: with what an onset takes, the verdict falls within two seconds. */
const BALANCED: TimingRule = {
  machineSpeechMs: 1936,
  shortestPauseMs: 560,
  pausePerSecondMs: 150,
};

/**
 * One curve: the longer a far end may speak before it is a machine, the shorter the pause after which
 * it is a human. The other products' rules fall back on `balanced` for what they do not say, such as
 * when "human" is taken back.
 */
const PROFILES: Readonly<Record<Profile, TimingRule>> = {
  'human-first': { machineSpeechMs: 3500, shortestPauseMs: 480, pausePerSecondMs: 120 },
  balanced: BALANCED,
  'machine-first': { machineSpeechMs: 1600, shortestPauseMs: 640, pausePerSecondMs: 180 },
  'app-amd': BALANCED,
  gvp: BALANCED,
};

const APP_AMD: AppAmdRule = {
  initialSilenceMs: 2500,
  greetingMs: 1500,
  afterGreetingSilenceMs: 800,
  totalAnalysisTimeMs: 5000,
  minWordLengthMs: 100,
  maximumWordLengthMs: 5000,
  betweenWordsSilenceMs: 50,
  maximumNumberOfWords: 2,
  silenceThreshold: 256,
};

const GVP: GvpRule = {
  voicePauseMs: 700,
  maxVoiceSignalMs: 1500,
  machineGreetingMs: 1800,
  maxPostConnectMs: 12_000,
};

export const DEFAULT_OPTIONS: CpdOptions = {
  sampleRateHz: 8000,
  profile: 'human-first',
  timing: {},
  appAmd: {},
  gvp: {},
  silenceTimeoutMs: 5000,
  decisionTimeoutMs: 12_000,
  revisionWindowMs: 8000,
  beepWindowMs: 20_000,
  revisionSpeechMs: 3500,
  greetingEndPauseMs: 1800,
  greetingMaxMs: 60_000,
  beepMinMs: 60,
  beepMaxMs: 2200,
  cedMinMs: 400,
  speechFloorDb: -56,
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
  checkDurations('timing', options.timing);
  checkDurations('appAmd', options.appAmd);
  checkDurations('gvp', options.gvp);
  return options;
}

/** The values of a rule are positive and finite; what they do together is the operator's business. */
function checkDurations(rule: string, given: object): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || (typeof value === 'number' && value >= 0 && value <= 120_000))
      continue;
    throw new RangeError(`${rule}.${name} is ${JSON.stringify(value)}; allowed: 0 to 120000`);
  }
}

/** The timing rule in force: the profile's, with the single values the options replace. */
export function timingRule(options: CpdOptions): TimingRule {
  return { ...PROFILES[options.profile], ...withoutUndefined(options.timing) };
}

/** The parameters in force of the profile `app-amd`. */
export function appAmdRule(options: CpdOptions): AppAmdRule {
  return { ...APP_AMD, ...withoutUndefined(options.appAmd) };
}

/** The parameters in force of the profile `gvp`. */
export function gvpRule(options: CpdOptions): GvpRule {
  return { ...GVP, ...withoutUndefined(options.gvp) };
}

/** Drops keys that are present but undefined, so that they do not hide a default. */
function withoutUndefined<T extends object>(given: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
