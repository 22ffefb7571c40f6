/** Whom a service tells what, from its options. */
import type { NotificationConfig } from './config.js';
import type { OptionReader } from './values.js';

/** @returns undefined when nobody is told */
export function buildNotification(read: OptionReader): NotificationConfig | undefined {
  const target = read.optionalText('_status_notification_target');
  if (read.text('_enable_status_notification') === 'false' || target === undefined) return undefined;
  const wanted = read.json('_callback_events_list');
  return {
    target,
    events: wanted && eventsOf(wanted),
    deliveriesMax: read.number('_max_notify_delivery_attempts'),
    reminderMs: read.flag('_enable_notification_reminder')
      ? read.durationMs('_notification_reminder_buffer')
      : undefined,
  };
}

function eventsOf(wanted: Readonly<Record<string, unknown>>): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(wanted).map(([event, section]) => {
      const list: unknown =
        typeof section === 'object' && section !== null && 'notify_params' in section
          ? section.notify_params
          : undefined;
      const words = Array.isArray(list) ? list.map(String) : String(list ?? '').split(',');
      return [event, words.map((word) => word.trim()).filter((word) => word !== '')];
    }),
  );
}
