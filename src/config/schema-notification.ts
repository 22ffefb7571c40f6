/** Options about telling others what becomes of callbacks. */
import { genesys } from './schema-terms.js';
import type { OptionGroup } from './schema-types.js';

const SECTION = 'the section Notification';

export const NOTIFICATION: OptionGroup = {
  title: 'Notification',
  intro:
    'Events of a callback, sent to a URL as JSON and signed (Standard Webhooks). What is sent, in which order and how often it is tried stands in docs/notifications.md.',
  options: [
    genesys(
      '_enable_status_notification',
      { kind: 'choice', values: ['false', 'notify', 'subscribe_notify'] },
      'Whether events are sent. Both words for yes mean the same here.',
      { source: SECTION, default: 'false' },
    ),
    genesys(
      '_status_notification_type',
      {
        kind: 'choice',
        values: ['httpcb'],
        unsupported: { orscb: 'There is no Orchestration Server to tell; use httpcb.' },
      },
      'How they are sent: as HTTP requests.',
      { source: SECTION, default: 'httpcb' },
    ),
    genesys(
      '_status_notification_target',
      { kind: 'url', schemes: ['http', 'https'] },
      'Where they are sent. A target that a request names has to be of an origin in `allowedOrigins`.',
      { source: SECTION, defaultSays: 'nowhere' },
    ),
    genesys(
      '_callback_events_list',
      { kind: 'json' },
      'The events wanted, each with its parameters: `{ _cbe_on_dial_done: { notify_params: "_service_id,_customer_number" } }`. Names that start with no underscore are user data.',
      { source: SECTION, defaultSays: 'all events' },
    ),
    genesys(
      '_max_notify_delivery_attempts',
      { kind: 'integer', min: 1, max: 20 },
      'Deliveries of one event at most; then it is kept as a dead letter.',
      { source: SECTION, default: 3 },
    ),
    genesys(
      '_enable_notification_reminder',
      { kind: 'boolean' },
      'Send `_cbe_on_callback_reminder` before a scheduled callback.',
      { source: SECTION, default: false },
    ),
    genesys(
      '_notification_reminder_buffer',
      { kind: 'integer', min: 0, max: 604_800, unit: 's' },
      'So long before the desired time.',
      { source: SECTION, default: 300 },
    ),
  ],
};
