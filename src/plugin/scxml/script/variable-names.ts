/** Names of variables that pages may use, and those that belong to the platform (SCXML 1.0, 5.10). */

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const SYSTEM_VARIABLE = /^\s*(_event|_sessionid|_name|_ioprocessors|_x)\b/;

export function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name);
}

/** @param location a variable, or something inside it */
export function isSystemVariable(location: string): boolean {
  return SYSTEM_VARIABLE.test(location);
}
