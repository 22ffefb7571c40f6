/** Freezes plain data all the way down. Stops at what is frozen already. */
export function deepFreeze<T extends object>(value: T): T {
  Object.freeze(value);
  for (const item of Object.values(value)) {
    if (typeof item === 'object' && item !== null && !Object.isFrozen(item)) {
      deepFreeze(item as object);
    }
  }
  return value;
}
