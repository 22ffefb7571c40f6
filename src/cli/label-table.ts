/** Reading a table of labelled recordings from disk, and saying what is wrong with it or its files. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ClipResult } from '../adapters/cpd/evaluate-clips.js';
import {
  parseLabels,
  type LabelledClip,
  type LabelProblem,
  type LabelTable,
} from '../cpd/evaluate/labels.js';

export async function readLabelTable(file: string): Promise<LabelTable> {
  try {
    return parseLabels(await readFile(resolve(file), 'utf8'));
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { clips: [], problems: [{ code: 'CBD_LABELS_FILE', line: 0, message }], warnings: [] };
  }
}

export function unreadableClip(
  { file, line }: LabelledClip,
  { problem, detail }: Extract<ClipResult, { ok: false }>,
): LabelProblem {
  return { code: 'CBD_LABELS_FILE', line, message: `${file}: ${problem} (${detail})` };
}

export const describeLabelProblem = (file: string, { code, line, message }: LabelProblem): string =>
  `${code}: ${file}${line > 0 ? `, line ${line}` : ''}: ${message}\n`;
