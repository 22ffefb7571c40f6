/**
 * The applications a channel can run. Each starts, and finishes its run at once or when what it
 * waits for has happened; none of them needs a timer, because waiting is playing something.
 *
 * An application that is not in this table hangs the channel up, as in FreeSWITCH.
 * Source: mod_dptools.c of FreeSWITCH 1.10.12 and test/conformance/goldens.
 */

import type { Channel, Run } from './channel.js';
import { collectDigits } from './collect-digits.js';
import { startRecording, stopRecording } from './record.js';
import { SoundPlayer } from './playback.js';

/** How an application runs. */
export interface Application {
  /** True when it reads media while it runs: it interrupts others and ends a tap. */
  readonly isLong: boolean;
  run(run: Run, channel: Channel): void;
}

const SLEEP_MS_MAX = 24 * 3600 * 1000;

function quick(work: (channel: Channel, argument: string) => void): Application {
  return {
    isLong: false,
    run: (run, channel) => {
      work(channel, run.argument);
      run.finish();
    },
  };
}

function setVariable(channel: Channel, assignment: string): void {
  const equals = assignment.indexOf('=');
  if (equals > 0) channel.setVariable(assignment.slice(0, equals), assignment.slice(equals + 1));
}

/** `^^<delimiter>a=1<delimiter>b=2`, or `a=1 b=2`. */
function setVariables(channel: Channel, argument: string): void {
  const hasDelimiter = argument.startsWith('^^') && argument.length > 2;
  const list = hasDelimiter ? argument.slice(3) : argument;
  for (const assignment of list.split(hasDelimiter ? argument.charAt(2) : ' ')) {
    setVariable(channel, assignment);
  }
}

function playback(run: Run, channel: Channel): void {
  if (run.argument === '') return run.finish('PLAYBACK ERROR');
  const delimiter = channel.variable('playback_delimiter');
  const specs = delimiter ? run.argument.split(delimiter) : [run.argument];
  const player = new SoundPlayer(channel, specs, (response) => run.finish(response));
  run.onBreak = () => player.break();
  channel.setVariable('playback_terminator_used', '');
  run.onDigit = (digit, tell) => {
    tell();
    if (!isTerminator(channel.variable('playback_terminators'), digit)) return;
    channel.setVariable('playback_terminator_used', digit);
    player.break();
  };
  // Those who hang up while a file plays are told that it was played; the others are not.
  run.onLeave = (why) => player.leave(why === 'hung-up' ? 'FILE PLAYED' : 'PLAYBACK ERROR');
  player.start();
}

/** `*` unless the variable says otherwise: keys, `any` or `none`. */
function isTerminator(terminators = '*', digit: string): boolean {
  if (terminators === 'none') return false;
  return terminators === 'any' || terminators.includes(digit);
}

function sleep(run: Run, channel: Channel): void {
  const ms = Math.min(SLEEP_MS_MAX, /^\d{1,9}$/.test(run.argument) ? Number(run.argument) : 0);
  const endAtMs = performance.now() + ms;
  const silence = {
    read(into: Int16Array): number {
      into.fill(0);
      return performance.now() >= endAtMs ? 0 : into.length;
    },
  };
  const handle = channel.rtp.play(silence, () => run.finish());
  run.onBreak = () => handle.stop();
  run.onLeave = () => handle.stop();
}

function sendDtmf(channel: Channel, argument: string): void {
  const [digits = '', durationMs = ''] = argument.split('@');
  channel.rtp.sendDtmf(digits, /^\d{1,5}$/.test(durationMs) ? Number(durationMs) : undefined);
}

/** `<path> [+<seconds>]`; an unusable path is told in the log only. */
function recordSession(channel: Channel, argument: string): void {
  const [, path = '', limit] = /^(\S*)(?:\s+\+?(\d{1,6}))?/.exec(argument) ?? [];
  if (startRecording(channel, path, Number(limit ?? 0))) return;
  channel.log('warn', 'recording refused', { path: path.slice(0, 200) });
}

function hangup(run: Run, channel: Channel): void {
  const cause = toCause(run.argument);
  channel.beginHangup(cause);
  run.finish();
  channel.hangup(cause, 'application');
}

/** Only to `park inline`: nothing else has a dialplan to go to, and FreeSWITCH would hang up, too. */
function transfer(run: Run, channel: Channel): void {
  const isKnown = run.argument === 'park inline';
  run.finish();
  if (isKnown) channel.parkAnew();
  else channel.hangup('NO_ROUTE_DESTINATION', 'application');
}

/** A hang-up cause from outside; anything that is none becomes NORMAL_CLEARING. */
export function toCause(text: string | undefined): string {
  return text !== undefined && /^[A-Z_]{3,40}$/.test(text) ? text : 'NORMAL_CLEARING';
}

/** By name. */
export const APPLICATION_TABLE: ReadonlyMap<string, Application> = new Map<string, Application>([
  ['answer', quick(() => undefined)],
  ['park', quick(() => undefined)],
  ['set', quick(setVariable)],
  ['export', quick(setVariable)],
  ['multiset', quick(setVariables)],
  ['unset', quick((channel, name) => channel.setVariable(name, undefined))],
  // Keys are events at once and wait in no queue, so there is nothing to flush.
  ['flush_dtmf', quick(() => undefined)],
  ['send_dtmf', quick(sendDtmf)],
  ['playback', { isLong: true, run: playback }],
  ['play_and_get_digits', { isLong: true, run: collectDigits }],
  ['sleep', { isLong: true, run: sleep }],
  ['record_session', quick(recordSession)],
  ['stop_record_session', quick((channel, path) => void stopRecording(channel, path))],
  ['hangup', { isLong: false, run: hangup }],
  ['transfer', { isLong: false, run: transfer }],
]);
