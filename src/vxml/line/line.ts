/**
 * A telephone line as the interpreter sees it: the call, the terminal, a test. It plays, tells keys,
 * records and hangs up; when to listen and what keys mean is decided above it. Nothing throws or rejects.
 */
import type {
  OperationFailed,
  PageFetch,
  PageFetched,
  PromptPart,
  RecordOrder,
  TransferOrder,
} from '../platform.js';

export type LinePlayEnd =
  | { readonly kind: 'ended' }
  /** Stopped, by us or with the call. */
  | { readonly kind: 'stopped' }
  | OperationFailed;

export interface LinePlayback {
  readonly done: Promise<LinePlayEnd>;
  stop(): void;
}

export type LineRecordOrder = Omit<RecordOrder, 'prompts' | 'input'>;

export type LineRecordEnd =
  | {
      readonly kind: 'recorded';
      readonly id: string;
      readonly durationMs: number;
      readonly sizeBytes: number;
      readonly termChar: string | undefined;
      readonly isMaxTime: boolean;
    }
  /** Nobody said anything. */
  | { readonly kind: 'noinput' }
  | OperationFailed;

export interface LineRecording {
  readonly done: Promise<LineRecordEnd>;
  /** What was said until now is kept. */
  stop(): void;
}

export type LineTransferOrder = Omit<TransferOrder, 'prompts' | 'input'>;

export type LineTransferEnd =
  | { readonly kind: 'ended'; readonly result: string; readonly durationMs: number }
  | { readonly kind: 'transferred' }
  | OperationFailed;

export interface LineTransfer {
  readonly done: Promise<LineTransferEnd>;
  /** The caller has had enough of it. */
  stop(): void;
}

export interface LinePlayOptions {
  /** A mark was passed. */
  readonly onMark: (name: string) => void;
  /** Any key is going to stop it: a line that hears it first need not wait to be told. */
  readonly stopsAtKey: boolean;
}

export interface Line {
  /**
   * One after the other without a gap; a second call stops the first. A line that cannot tell in time
   * tells its marks at the end.
   */
  play(parts: readonly PromptPart[], options: LinePlayOptions): LinePlayback;
  /** Keys as they are pressed, from the beginning of the session. Called once. */
  onDigit(handle: (digit: string) => void): void;
  /** Told once; at once when it has happened already. */
  onHangUp(handle: () => void): void;
  /** The silence that follows is meant: the caller is waited for. @returns a function that ends it */
  awaitCaller(maxMs: number): () => void;
  record(order: LineRecordOrder): LineRecording;
  transfer(order: LineTransferOrder): LineTransfer;
  hangUp(): Promise<void>;
  fetch(request: PageFetch): Promise<PageFetched>;
  /** Resolves when other lines of the thread have had a turn. Absent: there are none. */
  rest?(): Promise<void>;
  log(label: string | undefined, text: string): void;
  trace(what: string, detail: string): void;
}
