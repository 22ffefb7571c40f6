/** A callback's story as lines for people. `trace` prints it whole, `call --watch` as it grows. */

import type { AttemptView } from '../request/callback-view.js';
import type { AttemptRecord, JournalStep } from '../schedule/callback-store.js';
import type { InboundStoryDocument } from '../request/inbound-routes.js';
import type { StoryDocument } from '../request/own-routes.js';
import { drawLadder } from './ladder-lines.js';
import { printable } from './terminal.js';

const EVENT_WIDTH = 18;
const STATE_WIDTH = 20;

/** One step: when (seconds after the first), what happened, where it led, and why. */
export function stepLine(step: JournalStep, firstAtMs: number): string {
  const event = step.event.type.padEnd(EVENT_WIDTH);
  const state = step.stateName.padEnd(STATE_WIDTH);
  const commands = step.commands.map(({ type }) => type).join(', ');
  const does = commands === '' ? '' : `  [${commands}]`;
  return printable(
    `${offset(step.atMs, firstAtMs)}  ${event}  ${state}  ${step.row}: ${step.because}${does}`,
  );
}

export function storyLines(story: StoryDocument): string[] {
  const firstAtMs = story.steps[0]?.atMs ?? story.attempts[0]?.startedAtMs ?? 0;
  const start = firstAtMs === 0 ? 'nothing has happened yet' : new Date(firstAtMs).toISOString();
  const because = story.reason === undefined ? '' : `, ${story.reason}`;
  return [
    `callback ${story.id}, ${start}`,
    `  ${story.serviceName} to ${story.customerNumber}: ${story.state}${because}`,
    ...section(
      'steps',
      story.steps.map((step) => stepLine(step, firstAtMs)),
    ),
    ...section('attempts', story.attempts.map(attemptLine)),
    ...section(
      'wire',
      drawLadder(story.ladder, story.media, (atMs) => offset(atMs, firstAtMs)),
    ),
  ].map(printable);
}

export function inboundStoryLines({ call, ladder, media }: InboundStoryDocument): string[] {
  const { startedAtMs, answeredAtMs, connectedAtMs, endedAtMs, outcome, why } = call;
  const time = (atMs: number) => offset(atMs, startedAtMs);
  const happened: (readonly [number | undefined, string])[] = [
    [startedAtMs, `rings: ${call.number ?? 'number withheld'} for ${call.serviceName}`],
    [answeredAtMs, 'answered, and waits in the queue'],
    [connectedAtMs, `talks to ${call.connectedTo ?? 'somebody'}`],
    [endedAtMs, `${outcome ?? ''}: ${why ?? ''}`],
  ];
  return [
    `call ${call.id}, ${new Date(startedAtMs).toISOString()}`,
    `  from ${call.sourceAddress}, Call-ID ${call.callId}`,
    ...section(
      'steps',
      happened.flatMap(([atMs, what]) => (atMs === undefined ? [] : [`${time(atMs)}  ${what}`])),
    ),
    ...section('wire', drawLadder(ladder, media, time)),
  ].map(printable);
}

function attemptLine(attempt: AttemptView): string {
  const facts: [string, string | number | undefined][] = [
    ['trunk', attempt.trunk],
    ['call state', attempt.callState],
    ['outcome', attempt.outcome],
    ['SIP', attempt.sipStatus],
    ['Q.850', attempt.q850Cause],
    ['CPD', attempt.cpdReason],
    ['message', attempt.message],
    ['heard by', heardBy(attempt)],
    ['waited', inSeconds(attempt.waitMs)],
    ['handed over', handedOver(attempt)],
    ['talked', inSeconds(attempt.talkMs)],
    ['ended by', attempt.talkEndedBy],
    ['Call-ID', attempt.callId],
  ];
  const known = facts.filter(([, value]) => value !== undefined);
  const text = known.map(([name, value]) => `${name} ${value}`).join(', ');
  return `attempt ${attempt.attempt} to ${attempt.number}: ${text}`;
}

/** `bridged to sip:...`, and why it went another way than configured. */
function handedOver({ transfer, connectedTo, transferDetail }: AttemptRecord): string | undefined {
  const [to, why] = [connectedTo && ` to ${connectedTo}`, transferDetail && ` (${transferDetail})`];
  const text = `${transfer ?? ''}${to ?? ''}${why ?? ''}`;
  return text === '' ? undefined : text.trim();
}

function inSeconds(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : `${(ms / 1000).toFixed(1)} s`;
}

/** Unicast falls silent once a file plays: said, because it limits what could be found out. */
function heardBy({ audioTap }: AttemptRecord): string | undefined {
  return audioTap === 'unicast' ? 'unicast (no revision once a file plays)' : audioTap;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

function offset(atMs: number, firstAtMs: number): string {
  return `+${((atMs - firstAtMs) / 1000).toFixed(3)}s`.padStart(10);
}
