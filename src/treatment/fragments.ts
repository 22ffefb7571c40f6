/** Sentences put together from recorded pieces: files, and numbers in braces. Pure. */
import { fragmentFile, fragmentsFor } from './say-as.js';

const PACKAGED_LANGUAGE = 'en';

/** The files that speak a number. None at all: numbers are read in the packaged fragments. */
export type Fragments = Readonly<Record<number, readonly string[]>>;

/**
 * @param pieces files, and words in braces such as `{position}`
 * @param values what those words stand for; undefined: not known
 * @returns the files in their order; undefined when a number is not known or has no files, since a
 *   sentence with a hole says something else
 */
export function spoken(
  pieces: readonly string[],
  values: Readonly<Record<string, number | undefined>>,
  numbers: Fragments,
): readonly string[] | undefined {
  const files: string[] = [];
  for (const piece of pieces) {
    const word = /^\{(\w+)\}$/.exec(piece)?.[1];
    if (word === undefined) {
      files.push(piece);
      continue;
    }
    const value = Object.hasOwn(values, word) ? values[word] : undefined;
    const said = value === undefined ? undefined : filesOf(value, numbers);
    if (said === undefined) return undefined;
    files.push(...said);
  }
  return files;
}

/** A language of one's own is not mixed with the packaged one. */
function filesOf(value: number, numbers: Fragments): readonly string[] | undefined {
  if (Object.keys(numbers).length > 0) return numbers[value];
  const names = fragmentsFor('number', String(value), undefined);
  return names?.map((name) => fragmentFile(name, PACKAGED_LANGUAGE));
}
