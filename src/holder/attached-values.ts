/** What a holder wants to travel with the call, as texts within limits; `undefined` takes a key away. */

const KEYS_MAX = 100;
const KEY_CHARS_MAX = 64;
const VALUE_CHARS_MAX = 4096;

export type AttachedValues = Readonly<Record<string, string | undefined>>;

/**
 * Objects become JSON, null takes away; what is too long, and keys beyond the hundredth, are left out.
 * @param values a page's: anything of any type
 */
export function attachedValues(values: Readonly<Record<string, unknown>>): AttachedValues {
  const kept: Record<string, string | undefined> = {};
  for (const [key, value] of Object.entries(values).slice(0, KEYS_MAX)) {
    if (key === '' || key.length > KEY_CHARS_MAX) continue;
    const text = textOf(value);
    if (text === undefined || text.length <= VALUE_CHARS_MAX) kept[key] = text;
  }
  return kept;
}

function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
