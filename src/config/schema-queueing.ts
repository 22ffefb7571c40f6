/** The service options about waiting for an agent: where, how urgently, and before or after the dial. */
import { bool, count, ETA_POSITIONS, genesys, seconds, text } from './schema-terms.js';
import type { OptionGroup } from './schema-types.js';

const PRIORITY_MAX = 1_000_000;

export const QUEUEING: OptionGroup = {
  title: 'Queueing',
  intro:
    'How a customer is given an agent. Urgency is a priority that may grow with the wait; at equal urgency whoever came first is served first.',
  options: [
    genesys(
      '_target',
      { kind: 'targets' },
      'Where to look for an agent, in place of `queue`: the name of a queue or, where no queue is called so, of one of the `agents`; or a list of `{ target, timeout, clear }`. After `timeout` seconds the next entry is asked as well, or instead when `clear` is true. A name as Genesys writes it, `gold@StatServer.GA`, is taken without what begins at the @.',
      { defaultSays: '`queue`' },
    ),
    genesys(
      '_urs_vq_priority',
      count(0, PRIORITY_MAX),
      'Priority at the start. With its increments it travels with a call as GMS_URS_PRIORITY.',
      { defaultSays: '0, and nothing travels' },
    ),
    genesys(
      '_urs_vq_priority_increment',
      count(0, PRIORITY_MAX),
      'How much the priority grows in each interval of waiting.',
      { default: 0 },
    ),
    genesys(
      '_urs_vq_priority_increment_interval',
      seconds(1, 86_400),
      'Length of that interval. In between, urgency grows evenly.',
      { default: 60 },
    ),
    genesys(
      '_wait_for_agent',
      bool,
      'Dial only once an agent is kept free for the customer, or near enough (`_eta_pos_threshold`). Otherwise we dial at once and an answered customer waits on the call. A queue of kind `sip` does not tell who is free: there we dial at once in any case.',
      { default: false },
    ),
    genesys(
      '_eta_pos_threshold',
      text(400, ETA_POSITIONS),
      'With `_wait_for_agent`: pairs of expected wait in seconds and position. The pair with the greatest wait that is not beyond the expected one says up to which position a customer is dialled before an agent is free.',
      { default: '0:10,10:5,20:2,30:1,40:0' },
    ),
    genesys(
      '_agent_reserve_timeout',
      seconds(1, 3600),
      'With `_wait_for_agent`: how long an agent is kept free for a customer who is being dialled. After that the customer, once there, gets the next one.',
      { default: 30 },
    ),
    genesys(
      '_urs_queued_ttl',
      seconds(0, 7 * 86_400),
      'With `_wait_for_agent`: longest wait before the dial; then the callback ends. 0 = no limit but `_ttl`.',
      { default: 14_400 },
    ),
    genesys(
      '_cannot_dial_buffer_time',
      seconds(0, 7 * 86_400),
      'Nobody is dialled any more once less than this is left of `_urs_queued_ttl`; the callback ends. 0 = off.',
      { default: 0 },
    ),
    genesys(
      '_agent_transfer_confirm_timeout',
      seconds(0, 3600),
      'When the far side sends media and does not answer within this time, the transfer is taken for done and the two are connected. Without media there is nothing to connect, and the ring timeout holds. 0 = off.',
      { default: 0 },
    ),
  ],
};
