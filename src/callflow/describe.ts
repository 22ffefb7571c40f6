/** Commands in a few words, for `explain` and `trace`. */

import { callStateName } from './call-state.js';
import { seconds } from './because.js';
import type { Command } from './vocabulary.js';

/** One line about one command, without ids. */
export function describeCommand(command: Command): string {
  switch (command.type) {
    case 'dial': {
      const number = command.customerNumber ?? 'the customer';
      const prefix = command.prefix === '' ? '' : `, prefix ${command.prefix}`;
      return `dial ${number}${prefix}, ringing at most ${seconds(command.ringTimeoutMs)}`;
    }
    case 'play': {
      const how = command.loop ? ', looped' : '';
      return `play ${command.treatment}: ${command.file ?? 'built-in sound'}${how}`;
    }
    case 'stop-playing':
      return 'stop playing';
    case 'start-plugin': {
      const call = command.legId === undefined ? 'without a call' : 'with the call';
      const state = `${callStateName(command.callState)} (${command.callState})`;
      return `ask the plugin ${command.url} ${call}, ${state}, for ${seconds(command.ttlMs)}`;
    }
    case 'start-vxml':
      return `run the page ${command.url}, for ${seconds(command.ttlMs)}`;
    case 'tell-plugin':
      return `tell whoever holds the call: ${command.what}`;
    case 'queue':
      return `ask queue ${command.queue} for an agent${command.legId === undefined ? ' ahead of the dial' : ''}`;
    case 'call-agent':
      return 'have the agent called';
    case 'pass-media':
      return 'let the far side be heard';
    case 'unqueue':
      return `withdraw the request for an agent (${command.exit})`;
    case 'bridge':
      return 'connect the two';
    case 'route':
      return `route to ${command.destination}`;
    case 'unroute':
      return 'withdraw the route';
    case 'hang-up':
      return `hang up: ${command.why}`;
    case 'start-timer':
      return `start timer ${command.timer}, ${seconds(command.afterMs)}`;
    case 'stop-timer':
      return `stop timer ${command.timer}`;
    case 'postpone':
      return `give the callback back to the store for ${seconds(command.forMs)}`;
    case 'report': {
      const detail = command.detail === undefined ? '' : `: ${command.detail}`;
      return `report ${command.what}${detail}`;
    }
  }
}
