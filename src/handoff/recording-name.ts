/** Where a conversation is recorded to. Pure: the template is the configuration's, the words are ours. */

export interface RecordedCall {
  readonly service: string;
  readonly callbackId: string;
  readonly attempt: number;
  readonly atMs: number;
}

/**
 * @param template an absolute path with words in braces, as the schema takes it
 * @returns the path; nothing that a word brings can leave its place in it
 */
export function recordingPath(template: string, call: RecordedCall): string {
  const [date = '', time = ''] = new Date(call.atMs).toISOString().split('T');
  const words: Readonly<Record<string, string>> = {
    service: call.service,
    callbackId: call.callbackId,
    attempt: String(call.attempt),
    date: date.replaceAll('-', ''),
    time: time.slice(0, 8).replaceAll(':', ''),
  };
  return template.replace(/\{(\w+)\}/g, (_, word: string) =>
    (words[word] ?? '').replace(/[^A-Za-z0-9_-]/g, '_'),
  );
}
