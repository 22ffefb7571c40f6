/**
 * Reads the table of a labelled set of recordings: tab-separated, one clip a line, columns by name in
 * any order. Nothing is assumed where a label is missing; what is wrong is said with its line and what
 * is allowed there.
 */
import { countryCode } from './country-names.js';

/** When the recording was made: before the answer, after it, or across it. */
export type Phase = 'pre' | 'post' | 'pre+post';

/** What a clip should be taken for. `silence_or_noise`: nobody, by whichever word. */
export const EXPECTATIONS = [
  'human',
  'machine',
  'fax',
  'busy',
  'reorder',
  'ringback',
  'sit',
  'announcement',
  'music',
  'silence',
  'silence_or_noise',
] as const;

export type Expectation = (typeof EXPECTATIONS)[number];

/** The classes of the development set, and what each expects where the table does not say. */
const CLASS_EXPECTATIONS: Readonly<Record<string, Expectation>> = {
  human_short: 'human',
  human_business: 'human',
  machine_beep: 'machine',
  machine_nobeep: 'machine',
  real_voicemail: 'machine',
  fax_ced: 'fax',
  fax_cng: 'fax',
  busy: 'busy',
  reorder: 'reorder',
  ringback: 'ringback',
  ringback_answer: 'human',
  sit: 'sit',
  announcement: 'announcement',
  music: 'music',
  noise: 'silence_or_noise',
  silence: 'silence',
};

/** One clip and what is known of it. Times are ms from the start of the clip. */
export interface LabelledClip {
  /** As written in the table, relative to it. */
  readonly file: string;
  readonly line: number;
  readonly className: string;
  readonly expect: Expectation;
  readonly phase: Phase;
  /** The voice or generator the clip came from; clips of one group are not independent. */
  readonly group: string;
  /** Dialled country, ISO 3166 alpha-2; undefined: not known. */
  readonly country: string | undefined;
  /** Kind of special information tone (IC, VC, RO, NC, ...), of clips that are one. */
  readonly sitKind: string | undefined;
  readonly isRealVoicemail: boolean;
  /** When the call was answered; null: never. */
  readonly answeredAtMs: number | null;
  readonly speechOnMs: number | null;
  readonly greetingEndMs: number | null;
  readonly beepMs: number | null;
  readonly beepEndMs: number | null;
}

export type LabelProblemCode =
  | 'CBD_LABELS_EMPTY'
  | 'CBD_LABELS_COLUMN'
  | 'CBD_LABELS_FILE'
  | 'CBD_LABELS_NUMBER'
  | 'CBD_LABELS_CLASS'
  | 'CBD_LABELS_EXPECT'
  | 'CBD_LABELS_PHASE'
  | 'CBD_LABELS_COUNTRY';

/** What is wrong with the table. `line` counts from 1, the header included. */
export interface LabelProblem {
  readonly code: LabelProblemCode;
  readonly line: number;
  readonly message: string;
}

export interface LabelTable {
  readonly clips: readonly LabelledClip[];
  /** The table cannot be used when there is one. */
  readonly problems: readonly LabelProblem[];
  /** Worth saying, but the clip can be used: a country that is not known. */
  readonly warnings: readonly LabelProblem[];
}

const REQUIRED_COLUMNS = ['file', 'class', 'phase'];
const PHASES: readonly Phase[] = ['pre', 'post', 'pre+post'];
const MAX_PROBLEMS = 50;

/** @param text the whole table, header first */
export function parseLabels(text: string): LabelTable {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const header = (lines[0] ?? '').split('\t').map((name) => name.trim());
  const reader = new RowReader(header);
  const missing = REQUIRED_COLUMNS.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    reader.fail(
      'CBD_LABELS_COLUMN',
      1,
      `no column "${missing.join('", "')}"; needed: ${REQUIRED_COLUMNS.join(', ')}, separated by tabs`,
    );
    return { clips: [], problems: reader.problems, warnings: [] };
  }
  const clips: LabelledClip[] = [];
  for (const [i, line] of lines.entries()) {
    if (i === 0 || line.trim() === '' || reader.problems.length >= MAX_PROBLEMS) continue;
    const clip = reader.read(line, i + 1);
    if (clip) clips.push(clip);
  }
  if (clips.length === 0 && reader.problems.length === 0)
    reader.fail('CBD_LABELS_EMPTY', 1, 'the table has no clips');
  return { clips, problems: reader.problems, warnings: reader.warnings };
}

class RowReader {
  readonly problems: LabelProblem[] = [];
  readonly warnings: LabelProblem[] = [];
  readonly #columns: ReadonlyMap<string, number>;
  #cells: readonly string[] = [];
  #line = 0;

  constructor(header: readonly string[]) {
    this.#columns = new Map(header.map((name, i) => [name, i]));
  }

  fail(code: LabelProblemCode, line: number, message: string): void {
    this.problems.push({ code, line, message });
  }

  /** @returns the clip, or null when the row is wrong */
  read(row: string, line: number): LabelledClip | null {
    this.#cells = row.split('\t');
    this.#line = line;
    const before = this.problems.length;
    const file = this.#text('file');
    if (file === '') this.fail('CBD_LABELS_FILE', line, 'no file is named');
    const className = this.#text('class');
    const expect = this.#expectation(className);
    const phase = this.#phase();
    const isSit = expect === 'sit';
    const clip = {
      file,
      line,
      className,
      expect: expect ?? 'silence',
      phase: phase ?? 'post',
      group: this.#text('source_group') || file,
      country: isSit ? undefined : this.#country(),
      sitKind: isSit ? this.#text('country') || undefined : undefined,
      isRealVoicemail:
        expect === 'machine' && (className.startsWith('real_') || /^REAL/.test(this.#text('real'))),
      answeredAtMs: this.#answeredAt(phase),
      speechOnMs: this.#time('speech_on_ms'),
      greetingEndMs: this.#time('greeting_end_ms'),
      beepMs: this.#time('beep_ms'),
      beepEndMs: this.#time('beep_end_ms'),
    } satisfies LabelledClip;
    return this.problems.length === before ? clip : null;
  }

  #text(column: string): string {
    const index = this.#columns.get(column);
    return index === undefined ? '' : (this.#cells[index] ?? '').trim();
  }

  #time(column: string): number | null {
    const text = this.#text(column);
    if (text === '') return null;
    const ms = Number(text);
    if (Number.isFinite(ms) && ms >= 0) return ms;
    const message = `${column} is "${text}"; allowed: milliseconds from the start of the clip, 0 or more`;
    this.fail('CBD_LABELS_NUMBER', this.#line, message);
    return null;
  }

  #phase(): Phase | undefined {
    const text = this.#text('phase');
    const phase = PHASES.find((name) => name === text);
    if (!phase)
      this.fail(
        'CBD_LABELS_PHASE',
        this.#line,
        `phase is "${text}"; allowed: ${PHASES.join(', ')}`,
      );
    return phase;
  }

  #answeredAt(phase: Phase | undefined): number | null {
    if (phase === 'pre') return null;
    const ms = this.#time('answer_ms');
    if (phase === 'pre+post' && ms === null && this.#text('answer_ms') === '')
      this.fail(
        'CBD_LABELS_NUMBER',
        this.#line,
        'a pre+post clip needs answer_ms, in milliseconds',
      );
    return phase === 'post' ? 0 : ms;
  }

  /** The `expect` column decides; without it the class does. */
  #expectation(className: string): Expectation | undefined {
    const text = this.#text('expect');
    const own = EXPECTATIONS.find((word) => word === text);
    if (own) return own;
    if (text !== '') {
      const message = `expect is "${text}"; allowed: ${EXPECTATIONS.join(', ')}`;
      this.fail('CBD_LABELS_EXPECT', this.#line, message);
      return undefined;
    }
    const expect = CLASS_EXPECTATIONS[className];
    if (!expect) {
      const allowed = Object.keys(CLASS_EXPECTATIONS).join(', ');
      const message = `class is "${className}"; allowed without an expect column: ${allowed}`;
      this.fail('CBD_LABELS_CLASS', this.#line, message);
    }
    return expect;
  }

  #country(): string | undefined {
    const name = this.#text('country');
    const code = countryCode(name);
    if (name !== '' && code === undefined)
      this.warnings.push({
        code: 'CBD_LABELS_COUNTRY',
        line: this.#line,
        message: `country "${name}" is not known; the clip is judged without one`,
      });
    return code;
  }
}
