/** Durations as CSS and VoiceXML write them: `5s`, `300ms`, `+1.5s` (2.0, 6.5). */
import { semantic } from '../errors.js';

const TIME = /^\s*\+?(\d{1,9}(?:\.\d{0,6})?|\.\d{1,6})\s*(ms|s)\s*$/;

/** @throws PageEvent error.semantic */
export function durationMs(text: string, what: string): number {
  const found = TIME.exec(text);
  if (!found) throw semantic(`${what} is "${text.slice(0, 30)}", no time such as 5s or 300ms`);
  const amount = Number(found[1]);
  return Math.round(found[2] === 's' ? amount * 1000 : amount);
}
