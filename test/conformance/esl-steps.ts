/**
 * The steps that scenarios for media servers are made of: execute, play and interrupt, park, bridge,
 * or talk to the event socket by hand.
 */

import { connect } from 'node:net';
import type { BenchLeg, EslEventFields, FullEndpoint, MediaBench } from './media-bench.js';
import { pause } from './media-bench.js';

/** One scenario; `legs` is how many endpoints it needs. */
export interface Scenario {
  readonly name: string;
  readonly legs: 0 | 1 | 2;
  /** Keys are pressed while questions are asked: which is first is not looked at. */
  readonly areKeysApart?: boolean;
  run(bench: MediaBench, a: BenchLeg, b: BenchLeg): Promise<unknown>;
}

export const SETTLE_MS = 250;

/** Executes an application and gives its Application-Response. */
export async function execute(
  { endpoint }: BenchLeg,
  application: string,
  argument = '',
): Promise<string> {
  const event = await endpoint.execute(application, argument);
  return event.getHeader('Application-Response') ?? '';
}

export async function api(
  { endpoint }: BenchLeg,
  command: string,
  ...words: string[]
): Promise<string> {
  const event = await endpoint.api(command, [endpoint.uuid, ...words]);
  return event.getBody() ?? '';
}

/** Plays, waits, does something, and gives what the playback ended with. */
export async function during(
  leg: BenchLeg,
  sound: string,
  act: () => Promise<unknown>,
  waitMs = 550,
): Promise<string> {
  const playing = execute(leg, 'playback', sound);
  await pause(waitMs);
  await act();
  return playing;
}

/** As above, where the playback's promise never settles. */
export async function abandon(
  leg: BenchLeg,
  act: () => Promise<unknown>,
  sound: string,
): Promise<void> {
  void execute(leg, 'playback', sound).catch(() => undefined);
  await pause(550);
  await act();
  await leg.log.until(() => leg.log.isClosed, 'close');
}

export const closed = async ({ log }: BenchLeg): Promise<void> =>
  log.until(() => log.isClosed, 'close');

const isPark = (event: EslEventFields): boolean =>
  event['Event-Name'] === 'CHANNEL_EXECUTE' && event['Application'] === 'park';

async function parked(leg: BenchLeg, order: () => Promise<unknown>): Promise<void> {
  const before = leg.log.events.filter(isPark).length;
  await order();
  await leg.log.until(() => leg.log.events.filter(isPark).length > before, 'park');
}

export const park = (leg: BenchLeg, ...words: string[]): Promise<void> =>
  parked(leg, () => api(leg, 'uuid_transfer', ...words, 'park', 'inline'));

/** By the channel itself, not past it. */
export const parkItself = (leg: BenchLeg): Promise<void> =>
  parked(leg, () => execute(leg, 'transfer', 'park inline'));

export async function bridge(a: BenchLeg, b: BenchLeg): Promise<void> {
  await a.endpoint.bridge(b.endpoint);
  for (const { log } of [a, b]) await log.event('CHANNEL_EXECUTE', { Application: 'uuid_bridge' });
}

/** A sendmsg or other command whose Reply-Text is wanted. */
export function command(
  endpoint: FullEndpoint,
  line: string,
  headers = {},
): Promise<string | null> {
  return new Promise((resolve) => {
    endpoint.conn?.sendRecv(line, headers, (event) => resolve(event.getHeader('Reply-Text')));
  });
}

/** Talks to the event socket without any library. */
export async function converse(bench: MediaBench, commands: readonly string[]): Promise<string> {
  const { host, port, secret } = bench.target.freeswitch;
  const socket = connect(port, host);
  let text = '';
  const isClosed = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
  for (const line of commands) {
    await pause(60);
    socket.write(`${line.replace('SECRET', secret)}\n\n`);
  }
  for (let before = -1; before !== text.length; await Promise.race([isClosed, pause(400)])) {
    before = text.length;
  }
  socket.destroy();
  return text.replaceAll('\n', ' / ');
}
