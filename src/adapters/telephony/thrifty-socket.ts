/**
 * What drachtio-modesl does on an event socket, at less cost. It writes each line of a command by
 * itself (eight packets for one sendmsg, each a system call here and a read over there), and
 * drachtio-fsmrf asks for events that nobody here listens to, with all variables of the channel in each:
 * three of the seven in a call that hears one file, some 7 kB apiece.
 */
import type Mrf from 'drachtio-fsmrf';

/** As the library asks for them. */
const UNHEARD: ReadonlySet<string> = new Set([
  'CHANNEL_ANSWER',
  'CHANNEL_EXECUTE',
  'CHANNEL_PROGRESS_MEDIA',
  'DETECTED_TONE',
  'SWITCH_EVENT_PLAYBACK_STOP',
]);

/** Each command in one piece. */
export function writeWhole(connection: Mrf.EslConnection): void {
  connection.send = (command, args = {}) => {
    const lines = Object.entries(args).map(([name, value]) => `${name}: ${value}\n`);
    // One that is closed says so by itself.
    connection.socket?.write(`${command}\n${lines.join('')}\n`);
  };
}

/** For the connection of an endpoint, before the library subscribes. */
export function leaveOutUnheard(connection: Mrf.EslConnection): void {
  const subscribe = connection.subscribe.bind(connection);
  connection.subscribe = (events, reply) => {
    const names = events.split(' ').filter((name) => !UNHEARD.has(name));
    subscribe(names.join(' '), reply);
  };
}

/** From now on the start of each application is told as well. */
export function hearStarts(connection: Mrf.EslConnection): void {
  connection.sendRecv('event json CHANNEL_EXECUTE', {}, () => undefined);
}
