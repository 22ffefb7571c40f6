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

/** What each word looks like in a name of ours. */
const WORD_PATTERNS: Readonly<Record<string, string>> = {
  service: '[A-Za-z0-9_-]+',
  callbackId: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  attempt: '[0-9]+',
  date: '[0-9]{8}',
  time: '[0-9]{6}',
};

/** One name in a path: as it stands, or any that the words in it may have made. */
export type PathPart = string | RegExp;

/**
 * The recordings that a template has made, by the names in their paths, outermost first.
 * @returns undefined for one whose files cannot be told from anybody else's
 */
export function recordingParts(template: string): readonly PathPart[] | undefined {
  if (!template.includes('{callbackId}')) return undefined;
  const names = template.split('/').filter((name) => name !== '');
  return names.map((name) => {
    if (!name.includes('{')) return name;
    const pattern = name
      .replace(/[.-]/g, '\\$&')
      .replace(/\{(\w+)\}/g, (_, word: string) => WORD_PATTERNS[word] ?? '');
    return new RegExp(`^${pattern}$`);
  });
}
