/**
 * Finds out who or what is at the far end of a call. Samples go in, in frames of any size; ringback,
 * tones, speech, a verdict with its reason, the end of a greeting and a beep come out.
 *
 * It refuses to know the time: everything is counted in samples, so a recording gives the same
 * answer as the call did. It starts no timers, does no I/O, and nothing it does per frame allocates.
 * A verdict is given once and taken back at most once, from human to machine or fax.
 */
import type { Decision, Heard, Rule } from './answer-rule.js';
import { EarlyMedia } from './early-media.js';
import { HalfRate } from './half-rate.js';
import { liveHearing, type Hearing } from './hearing.js';
import { LongSpeech } from './long-speech.js';
import { resolveOptions, type CpdOptions } from './options.js';
import { HOP_MS, HOP_SAMPLES, ANALYSIS_RATE_HZ } from './spectrum.js';
import { MachineGreeting } from './machine-greeting.js';
import type { Reading } from './reading.js';
import { ruleOf } from './profile-rule.js';
import { SignalTones } from './signal-tones.js';
import type { CpdEvent, EarlyMediaSound, TraceEntry, Verdict } from './types.js';
import { VoiceActivity } from './voice-activity.js';

/** A trace longer than this says nothing more, but for what was decided; it is most of a call's memory. */
const MAX_TRACE_ENTRIES = 200;
const MAX_DECISION_ENTRIES = 20;
const MAX_WAITING_EVENTS = 200;
/** One call of `gap` is not believed beyond this. ms */
const MAX_GAP_MS = 60_000;
/** Shorter gaps are ordinary packet loss and not worth a line in the trace. ms */
const NOTED_GAP_MS = 100;
/** A tone this old is not a voice that happens to be steady. ms */
const TONE_NOT_VOICE_MS = 96;

export class CpdDetector {
  readonly #options: CpdOptions;
  readonly #onEvent: ((event: CpdEvent) => void) | null;
  readonly #events: CpdEvent[] = [];
  readonly #trace: TraceEntry[] = [];
  readonly #hop = new Float64Array(HOP_SAMPLES);
  readonly #halfRate: HalfRate | null;
  readonly #spectrum: Hearing['spectrum'];
  readonly #tones: SignalTones;
  readonly #early: EarlyMedia;
  readonly #voice: VoiceActivity;
  readonly #rule: Rule;
  readonly #longSpeech: LongSpeech;
  readonly #heard: Heard;
  readonly #greeting: MachineGreeting;
  #hopFill = 0;
  #hopCount = 0;
  #answeredMs = -1;
  #verdict: Verdict | null = null;
  #verdictMs = 0;
  #wasRevised = false;
  #onsetSaid = false;
  #wasSpeech = false;
  #mistakes = 0;
  #isInGap = false;

  /**
   * @param options see `CpdOptions`; missing ones take their defaults
   * @param onEvent called during `push`, `gap` and `finish`; without it, fetch with `takeEvents`
   * @param hearing where the measurements come from, when the same samples are judged more than once
   * @throws RangeError when an option is outside its range
   */
  constructor(
    options: Partial<CpdOptions> = {},
    onEvent?: (event: CpdEvent) => void,
    hearing: Hearing = liveHearing(),
  ) {
    this.#options = resolveOptions(options);
    this.#onEvent = onEvent ?? null;
    this.#halfRate = this.#options.sampleRateHz === 16000 ? new HalfRate() : null;
    this.#spectrum = hearing.spectrum;
    this.#voice = new VoiceActivity(this.#options.speechFloorDb, hearing.ears);
    this.#rule = ruleOf(this.#options);
    this.#longSpeech = new LongSpeech(this.#options);
    this.#heard = {
      voice: this.#voice,
      measured: this.#spectrum.now,
      nowMs: 0,
      answeredMs: 0,
      isToneOpen: false,
      mayBeBeep: false,
    };
    const findings = {
      emit: (event: CpdEvent) => this.#emit(event),
      note: (atMs: number, what: string, values: TraceEntry['values']) =>
        this.#note(atMs, what, values),
    };
    this.#tones = new SignalTones(this.#options, findings);
    this.#early = new EarlyMedia(findings);
    this.#greeting = new MachineGreeting(this.#options, findings);
  }

  /** What was noticed so far, oldest first, at most 220 entries. */
  get trace(): readonly TraceEntry[] {
    return this.#trace;
  }

  /** The verdict in force, or null. */
  get verdict(): Verdict | null {
    return this.#verdict;
  }

  /** Nothing that is still to come can change the verdict: only "human" is ever taken back, and only once. */
  get isSettled(): boolean {
    return this.#verdict !== null && this.#answeredMs >= 0 && this.#verdict !== 'human';
  }

  /** How much audio has been taken in. ms */
  get elapsedMs(): number {
    return (1000 * (this.#hopCount * HOP_SAMPLES + this.#hopFill)) / ANALYSIS_RATE_HZ;
  }

  /** The call is answered: what follows is the far end itself. What was heard before no longer counts. */
  answered(): void {
    if (this.#answeredMs >= 0) return;
    this.#answeredMs = this.elapsedMs;
    this.#verdict = null;
    this.#voice.reset();
    this.#tones.reset();
    this.#note(this.#answeredMs, 'answered', {});
  }

  /** Takes samples, in frames of any size. */
  push(samples: Int16Array): void {
    this.#isInGap = false;
    for (let i = 0; i < samples.length; i++) this.#pushSample(samples[i]! / 32768);
  }

  /**
   * No packet came for this long: time passes, and nothing is learnt about the line's noise.
   * @param durationMs 0..60000
   */
  gap(durationMs: number): void {
    const count = Math.round(
      (Math.min(MAX_GAP_MS, Math.max(0, durationMs)) * ANALYSIS_RATE_HZ) / 1000,
    );
    if (durationMs >= NOTED_GAP_MS && !this.#isInGap) {
      this.#isInGap = true;
      this.#note(this.elapsedMs, 'no audio', {});
    }
    for (let i = 0; i < count; i++) this.#append(0);
  }

  /** The audio is over. What was answered and not judged is unknown; else, what was heard instead. */
  finish(): void {
    this.#tones.finish();
    if (this.#verdict !== null) return;
    if (this.#answeredMs < 0) {
      this.#decide(this.#early.conclude(this.elapsedMs));
      return;
    }
    this.#decide({
      verdict: 'unknown',
      reason: `the audio ended after the answer, after ${Math.round(this.elapsedMs)} ms, with nothing decided`,
      confidence: 0,
    });
  }

  /** Writes down how things stand after the newest 16 ms. Costs nothing unless it is called. */
  read(into: Reading): void {
    const nowMs = this.#hopCount * HOP_MS;
    const tracker = this.#tones.tracker;
    into.atMs = nowMs;
    into.levelDb = this.#spectrum.now.levelDb;
    into.floorDb = this.#voice.floorDb;
    into.isSpeech = this.#voice.isSpeech;
    into.toneHz = tracker.isOpen ? tracker.current.frequencyHz : 0;
    into.human = into.machine = into.silence = into.revision = 0;
    if (this.#answeredMs < 0) return;
    if (this.#verdict === null) this.#rule.weigh(this.#heardUntil(nowMs), into);
    else if (this.#verdict === 'human' && nowMs - this.#verdictMs <= this.#options.revisionWindowMs)
      into.revision = this.#longSpeech.share(this.#verdictMs);
  }

  /** Hands over the events since the last call, when no callback was given. */
  takeEvents(): CpdEvent[] {
    return this.#events.splice(0);
  }

  #pushSample(sample: number): void {
    if (!this.#halfRate) {
      this.#append(sample);
      return;
    }
    const halved = this.#halfRate.next(sample);
    if (halved !== null) this.#append(halved);
  }

  #append(sample: number): void {
    this.#hop[this.#hopFill++] = sample;
    if (this.#hopFill < HOP_SAMPLES) return;
    this.#hopFill = 0;
    this.#hopCount++;
    this.#analyse();
  }

  #analyse(): void {
    const nowMs = this.#hopCount * HOP_MS;
    this.#spectrum.analyse(this.#hop, nowMs);
    const m = this.#spectrum.now;
    this.#tones.consume(m, this.#isSpeechBeforeTones());
    const tracker = this.#tones.tracker;
    this.#voice.consume(m, tracker.isOpen && tracker.openMs >= TONE_NOT_VOICE_MS);
    if (this.#answeredMs >= 0) this.#listenToFarEnd(nowMs);
    else this.#listenToNetwork(nowMs);
  }

  /** Real speech before a tone makes it a voicemail's beep rather than a fax. */
  #isSpeechBeforeTones(): boolean {
    return this.#answeredMs >= 0 && this.#voice.speechMs >= 500;
  }

  /** Early media: tones of the network decide, and nothing else does; nobody is there yet. */
  #listenToNetwork(nowMs: number): void {
    this.#tones.takeBeep();
    const found = this.#tones.takeDecision();
    this.#early.consume(this.#spectrum.now, this.#tones);
    // A fax's tone ahead of the answer will still be there after it.
    if (!found || !isOfNetwork(found.verdict)) return;
    this.#early.settle(found.verdict, nowMs, found.reason);
    if (this.#verdict === null) this.#decide(found);
  }

  #listenToFarEnd(nowMs: number): void {
    this.#traceSpeech(nowMs);
    const found = this.#tones.takeDecision();
    const beep = this.#tones.takeBeep();
    if (this.#verdict === null) {
      if (found) this.#decide(found);
      else if (beep && this.#greeting.isCredible(beep, this.#voice, false)) {
        this.#decide(this.#greeting.decisionOnBeep(beep, this.#voice));
      } else {
        const decision = this.#rule.decide(this.#heardUntil(nowMs));
        if (decision) this.#decide(decision);
      }
    } else if (this.#verdict === 'human') {
      this.#reconsider(
        nowMs,
        found,
        beep !== null && this.#greeting.isCredible(beep, this.#voice, true),
      );
    }
    if (this.#verdict === 'machine') this.#greeting.follow(this.#voice, nowMs, beep);
  }

  /** Ringback that goes on after the answer is somebody being rung still: the clock waits for it. */
  #heardUntil(nowMs: number): Heard {
    const heard = this.#heard;
    heard.nowMs = nowMs;
    heard.answeredMs = Math.max(this.#answeredMs, this.#tones.heldUntilMs);
    heard.isToneOpen = this.#tones.tracker.isOpen;
    heard.mayBeBeep = this.#tones.mayBeBeep;
    return heard;
  }

  #reconsider(nowMs: number, found: Decision | null, hasBeep: boolean): void {
    const isLong = this.#longSpeech.isReached(this.#voice, nowMs, this.#verdictMs);
    if (this.#wasRevised) return;
    const passedMs = nowMs - this.#verdictMs;
    if (found?.verdict === 'fax') this.#revise('fax', found.reason);
    else if (hasBeep && passedMs <= this.#options.beepWindowMs)
      this.#revise('machine', 'a beep after the speech');
    else if (isLong && passedMs <= this.#options.revisionWindowMs) {
      const ms = this.#options.revisionSpeechMs;
      this.#revise('machine', `went on to speak for ${ms} ms without a pause of 500 ms`);
    }
  }

  #decide({ verdict, reason, confidence, code = verdict, numbers = {} }: Decision): void {
    const atMs = Math.round(this.elapsedMs);
    this.#verdict = verdict;
    this.#verdictMs = atMs;
    this.#note(atMs, 'verdict', { verdict, code, reason, confidence, ...numbers });
    const phase = this.#answeredMs < 0 ? { beforeAnswer: true as const } : {};
    this.#emit({ type: 'verdict', verdict, atMs, reason, code, confidence, numbers, ...phase });
  }

  #revise(verdict: Verdict, reason: string): void {
    const atMs = Math.round(this.elapsedMs);
    const from = this.#verdict ?? 'unknown';
    this.#verdict = verdict;
    this.#wasRevised = true;
    this.#note(atMs, 'revised', { from, verdict, reason });
    this.#emit({ type: 'revised', from, verdict, atMs, reason });
  }

  #traceSpeech(nowMs: number): void {
    const voice = this.#voice;
    if (voice.mistakes > this.#mistakes) {
      this.#mistakes = voice.mistakes;
      const speechProbability = Math.round(100 * voice.mistakenCredibility) / 100;
      this.#note(nowMs, 'no speech after all', { speechProbability });
    }
    if (voice.hasOnset && !this.#onsetSaid) {
      this.#onsetSaid = true;
      this.#emit({ type: 'speech-onset', atMs: Math.round(voice.onsetMs) });
    }
    if (voice.isSpeech === this.#wasSpeech) return;
    this.#wasSpeech = voice.isSpeech;
    this.#note(nowMs, voice.isSpeech ? 'speech' : 'pause', {
      speechMs: voice.speechMs,
      floorDb: Math.round(voice.floorDb),
      speechDb: Math.round(voice.speechDb),
    });
  }

  #emit(event: CpdEvent): void {
    if (this.#onEvent) this.#onEvent(event);
    else if (this.#events.length < MAX_WAITING_EVENTS) this.#events.push(event);
  }

  #note(atMs: number, what: string, values: TraceEntry['values']): void {
    const isDecision = what === 'verdict' || what === 'revised' || what === 'greeting ended';
    const most = MAX_TRACE_ENTRIES + (isDecision ? MAX_DECISION_ENTRIES : 0);
    if (this.#trace.length < most) this.#trace.push({ atMs: Math.round(atMs), what, values });
  }
}

function isOfNetwork(verdict: Verdict): verdict is EarlyMediaSound {
  return verdict !== 'human' && verdict !== 'machine' && verdict !== 'fax';
}
