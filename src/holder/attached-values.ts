/** What a holder wants to travel with the call, as texts within limits; `undefined` takes a key away. */

export const ATTACHED_KEYS_MAX = 100;
const KEY_CHARS_MAX = 64;
const VALUE_CHARS_MAX = 4096;
/** Of all data of a callback; what came with the request is never taken away for want of room. */
export const ATTACHED_CHARS_MAX = 65_536;

export type AttachedValues = Readonly<Record<string, string | undefined>>;

/**
 * Objects become JSON, null takes away; what is too long, and keys beyond the hundredth, are left out.
 * @param values a page's: anything of any type
 */
export function attachedValues(values: Readonly<Record<string, unknown>>): AttachedValues {
  const kept: Record<string, string | undefined> = {};
  for (const [key, value] of Object.entries(values).slice(0, ATTACHED_KEYS_MAX)) {
    if (key === '' || key.length > KEY_CHARS_MAX) continue;
    const text = textOf(value);
    if (text === undefined || text.length <= VALUE_CHARS_MAX) kept[key] = text;
  }
  return kept;
}

/**
 * Changes the data of a callback as far as there is room: a hundred keys, 64 K characters.
 * @param data is changed
 * @returns what has changed; null: it is not there any more
 */
export function attach(
  data: Record<string, string>,
  values: AttachedValues,
): Record<string, string | null> {
  const changes: Record<string, string | null> = {};
  let chars = Object.entries(data).reduce((sum, entry) => sum + sizeOf(...entry), 0);
  for (const [key, value] of Object.entries(values)) {
    const old = Object.hasOwn(data, key) ? data[key] : undefined;
    if (value === old) continue;
    const isFull = old === undefined && Object.keys(data).length >= ATTACHED_KEYS_MAX;
    const without = chars - (old === undefined ? 0 : sizeOf(key, old));
    if (value === undefined) delete data[key];
    else if (isFull || without + sizeOf(key, value) > ATTACHED_CHARS_MAX) continue;
    else data[key] = value;
    chars = without + (value === undefined ? 0 : sizeOf(key, value));
    changes[key] = value ?? null;
  }
  return changes;
}

function sizeOf(key: string, value: string): number {
  return key.length + value.length;
}

function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
