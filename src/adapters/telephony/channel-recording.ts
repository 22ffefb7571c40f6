/** What `uuid_record` writes: a conversation for people, or one side of it for a listener of ours. */
import type { Channel } from './channel.js';

/** Of a recording that is read as it grows: the far side alone, every frame at once. */
export const TAP_VARIABLES = { RECORD_READ_ONLY: 'true', enable_file_write_buffering: 'false' };

/** What ends a recording; may be called twice, and never rejects. */
export type StopRecording = () => Promise<void>;

/** Both sides. @param file sanitised. @throws as `Channel.api` */
export async function recordConversation(channel: Channel, file: string): Promise<StopRecording> {
  // A tap may have asked for the far side alone.
  return recordAs(channel, file, { RECORD_STEREO: 'true', RECORD_READ_ONLY: 'false' });
}

/** @param file sanitised. @throws as `Channel.api` */
export async function recordFarSide(channel: Channel, file: string): Promise<StopRecording> {
  return recordAs(channel, file, { RECORD_STEREO: 'false', ...TAP_VARIABLES });
}

async function recordAs(
  channel: Channel,
  file: string,
  variables: Readonly<Record<string, string>>,
): Promise<StopRecording> {
  await setAll(channel, variables);
  await channel.api('uuid_record', channel.uuid, 'start', file);
  return async () => {
    // Gone with the channel, or ended already.
    await channel.api('uuid_record', channel.uuid, 'stop', file).catch(() => undefined);
  };
}

async function setAll(channel: Channel, values: Readonly<Record<string, string>>): Promise<void> {
  await Promise.all(
    Object.entries(values).map(([name, value]) =>
      channel.api('uuid_setvar', channel.uuid, name, value),
    ),
  );
}
