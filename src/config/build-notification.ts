/** Whom a service tells what, from its options. */
import type { NotificationConfig } from './config.js';
import type { OptionReader } from './values.js';

export function buildNotification(read: OptionReader): NotificationConfig {
  const wanted = read.json('_callback_events_list');
  return {
    isOn: read.text('_enable_status_notification') !== 'false',
    target: read.optionalText('_status_notification_target'),
    events: wanted && eventsOf(wanted),
    deliveriesMax: read.number('_max_notify_delivery_attempts'),
    hasReminder: read.flag('_enable_notification_reminder'),
    reminderMs: read.durationMs('_notification_reminder_buffer'),
  };
}

function eventsOf(wanted: Readonly<Record<string, unknown>>): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(wanted).map(([event, section]) => {
      const list: unknown =
        typeof section === 'object' && section !== null && 'notify_params' in section
          ? section.notify_params
          : undefined;
      const text = typeof list === 'string' ? list : '';
      const words = Array.isArray(list) ? list.map(String) : text.split(',');
      return [event, words.map((word) => word.trim()).filter((word) => word !== '')];
    }),
  );
}
