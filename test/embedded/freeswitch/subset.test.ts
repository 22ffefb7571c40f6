/** The engine is no FreeSWITCH and shall not grow into one: what nobody sends needs a reason. */
import assert from 'node:assert/strict';
import { ENGINE_COMMANDS } from '../../../src/adapters/telephony/engine-commands.js';
import { FREESWITCH_SUBSET } from '../../../src/embedded/freeswitch/server.js';

const OF_DRACHTIO_FSMRF = 'drachtio-fsmrf sends it';
const OF_OPERATORS = 'operators ask it with an event socket client';
const OF_RECORDING = 'the second way to a customer’s audio, for tests of call progress detection';
const OF_CALL_FLOWS = 'call flows may name it';

/** Implemented, and not sent by the adapters. */
const REASONS: Readonly<Record<keyof typeof FREESWITCH_SUBSET, Readonly<Record<string, string>>>> =
  {
    apis: {
      show: OF_OPERATORS,
      uuid_dump: OF_DRACHTIO_FSMRF,
      uuid_exists: OF_OPERATORS,
      uuid_send_dtmf: OF_DRACHTIO_FSMRF,
      version: OF_OPERATORS,
    },
    applications: {
      answer: 'the dialplan of a media server begins with it',
      export: OF_DRACHTIO_FSMRF,
      flush_dtmf: OF_CALL_FLOWS,
      hangup: OF_DRACHTIO_FSMRF,
      play_and_get_digits: OF_DRACHTIO_FSMRF,
      record_session: OF_RECORDING,
      send_dtmf: OF_CALL_FLOWS,
      set: OF_DRACHTIO_FSMRF,
      sleep: OF_CALL_FLOWS,
      stop_record_session: OF_RECORDING,
      unset: OF_CALL_FLOWS,
    },
    fileFormats: { local_stream: OF_CALL_FLOWS, tone_stream: OF_CALL_FLOWS },
    callCommands: {},
    eslCommands: { noevents: OF_OPERATORS },
  };

describe('The subset of FreeSWITCH', () => {
  for (const kind of Object.keys(REASONS) as (keyof typeof FREESWITCH_SUBSET)[]) {
    it(`has no ${kind} that nobody needs`, () => {
      const sent = new Set<string>(ENGINE_COMMANDS[kind]);
      const unsent = FREESWITCH_SUBSET[kind].filter((name) => !sent.has(name));
      assert.deepEqual([...unsent].sort(), Object.keys(REASONS[kind]).sort());
    });
  }
});
