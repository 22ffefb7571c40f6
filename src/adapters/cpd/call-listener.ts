/**
 * Everything that listens to one call: the detector whose word counts and, when the operator asked for
 * them, shadow detectors with other profiles and a recorder. Without those it is the detector alone.
 */
import { CpdDetector } from '../../cpd/detector.js';
import type { CpdOptions, Profile } from '../../cpd/options.js';
import type { CpdEvent, TraceEntry, Verdict } from '../../cpd/types.js';
import { CallRecorder, writeRecording, type AudioSink } from './call-recorder.js';

/** What a call's files say besides the sound. */
export interface RecordingRequest {
  readonly directory: string;
  /** See `recordingName`. */
  readonly name: string;
  readonly seconds: number;
  readonly callId: string;
  readonly service: string | undefined;
  readonly startedAt: string;
}

export interface ListenerRequest {
  readonly options: Partial<CpdOptions>;
  /** Options of detectors that listen beside the live one. */
  readonly shadows: readonly Partial<CpdOptions>[];
  readonly recording: RecordingRequest | undefined;
}

/** The first verdict after the answer and the one in the end; null: none fell. */
export interface Judgement {
  readonly profile: Profile;
  readonly first: Verdict | null;
  readonly firstAtMs: number | null;
  readonly final: Verdict | null;
}

interface Listening {
  readonly profile: Profile;
  readonly detector: CpdDetector;
  readonly events: CpdEvent[];
}

/** Of one call; more is not worth a file. */
const MOST_KEPT_EVENTS = 500;
const DEFAULT_PROFILE: Profile = 'human-first';

export class CallListener implements AudioSink {
  readonly #request: ListenerRequest;
  readonly #live: Listening;
  readonly #shadows: readonly Listening[];
  readonly #recorder: CallRecorder | null;

  /** @param onEvent gets the events of the live detector @throws RangeError see `CpdDetector` */
  constructor(request: ListenerRequest, onEvent: (event: CpdEvent) => void) {
    this.#request = request;
    const { options, shadows, recording } = request;
    this.#live = listen(options, onEvent);
    this.#shadows = shadows.map((shadow) => listen(shadow));
    this.#recorder = recording ? new CallRecorder(recording.seconds) : null;
  }

  get trace(): readonly TraceEntry[] {
    return this.#live.detector.trace;
  }

  push(samples: Int16Array): void {
    this.#live.detector.push(samples);
    for (const { detector } of this.#shadows) detector.push(samples);
    this.#recorder?.push(samples);
  }

  gap(durationMs: number): void {
    this.#live.detector.gap(durationMs);
    for (const { detector } of this.#shadows) detector.gap(durationMs);
    this.#recorder?.gap(durationMs);
  }

  answered(): void {
    this.#live.detector.answered();
    for (const { detector } of this.#shadows) detector.answered();
    this.#recorder?.answered();
  }

  /** What the live profile said, and then each shadow; empty without shadows. */
  compare(): readonly Judgement[] {
    return this.#shadows.length === 0 ? [] : [this.#live, ...this.#shadows].map(judgementOf);
  }

  /** Writes the recording, if there is one. @throws Error of the file system */
  async save(): Promise<void> {
    const { recording, options } = this.#request;
    const recorder = this.#recorder;
    // A call that sent nothing is not worth a file.
    if (!recording || !recorder || recorder.recordedMs === 0) return;
    await writeRecording(recording.directory, recording.name, recorder, {
      version: 1,
      callId: recording.callId,
      service: recording.service,
      startedAt: recording.startedAt,
      audio: {
        file: `${recording.name}.wav`,
        rateHz: 8000,
        recordedMs: recorder.recordedMs,
        heardMs: Math.round(this.#live.detector.elapsedMs),
        answeredAtMs: recorder.answeredAtMs,
      },
      options,
      ...judgementOf(this.#live),
      shadows: this.#shadows.map(judgementOf),
      events: this.#live.events,
      trace: this.trace,
    });
  }
}

function listen(options: Partial<CpdOptions>, onEvent?: (event: CpdEvent) => void): Listening {
  const { profile = DEFAULT_PROFILE } = options;
  const events: CpdEvent[] = [];
  const detector = new CpdDetector(options, (event) => {
    if (events.length < MOST_KEPT_EVENTS) events.push(event);
    onEvent?.(event);
  });
  return { profile, detector, events };
}

function judgementOf({ profile, events, detector }: Listening): Judgement {
  const first = events.find((event) => event.type === 'verdict' && !event.beforeAnswer);
  if (first?.type !== 'verdict') return { profile, first: null, firstAtMs: null, final: null };
  return { profile, first: first.verdict, firstAtMs: first.atMs, final: detector.verdict };
}
