/**
 * What travels with the call to an agent or route point, as SIP headers and in User-to-User
 * (RFC 7433): Genesys' attached data keys `GMS_URS_PRIORITY`, `RouterData70` (age in seconds, its
 * format is documented nowhere), the service id, the number shown and the user data as `_attach_udata`
 * says. Whatever comes from outside is encoded, capped, or left out; it never gets into a header as it is.
 */

/** Room for user data in headers; UDP INVITEs should stay well under 1300 bytes. */
const USER_DATA_MAX_BYTES = 512;
const USER_DATA_MAX_HEADERS = 20;
const HEADER_NAME_MAX = 64;
const NUMBER = /^\+?[0-9*#]{1,32}$/;
/** Q.931 4.5.30: the user's own protocol. */
const USER_SPECIFIC_PROTOCOL = '00';

/** What can travel, by Genesys' name where there is one. */
export type AttachedKey =
  | 'GMS_ServiceID'
  | 'GMS_CreatedAt'
  | 'GMS_URS_PRIORITY'
  | 'RouterData70'
  | 'GMS_UserData'
  | 'CPNDigits';

export interface AttachedData {
  readonly callbackId: string;
  readonly createdAtMs: number;
  readonly nowMs: number;
  readonly priority?: number | undefined;
  /** The number shown to the agent. */
  readonly cpnDigits?: string | undefined;
  readonly userData: Readonly<Record<string, string>>;
  /** `_attach_udata`. */
  readonly attachUserData: 'single_json' | 'separate_keys' | 'gms_storage_id';
}

/** How it travels. */
export interface AttachedFormat {
  /** Names of headers, checked by the configuration. */
  readonly headers: Readonly<Partial<Record<AttachedKey, string>>>;
  readonly userToUser: readonly AttachedKey[];
  readonly userToUserMaxBytes: number;
}

/** @returns headers whose values are of visible ASCII, at most 1 KiB each */
export function attachedHeaders(
  data: AttachedData,
  format: AttachedFormat,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [key, value] of Object.entries(plainValues(data))) {
    const header = format.headers[key as AttachedKey];
    if (header !== undefined && value !== undefined) headers[header] = value;
  }
  const userDataHeader = format.headers.GMS_UserData;
  if (userDataHeader !== undefined) Object.assign(headers, userDataHeaders(data, userDataHeader));
  const userToUser = userToUserOf(data, format);
  if (userToUser !== undefined) headers['User-to-User'] = userToUser;
  return headers;
}

/** All but the user data; undefined: there is none, or it is nothing a header may hold. */
function plainValues(data: AttachedData): Partial<Record<AttachedKey, string | undefined>> {
  const { callbackId, createdAtMs, nowMs, priority, cpnDigits } = data;
  return {
    GMS_ServiceID: /^[\w-]{1,64}$/.test(callbackId) ? callbackId : undefined,
    RouterData70: String(Math.max(0, Math.round((nowMs - createdAtMs) / 1000))),
    GMS_CreatedAt: String(Math.round(createdAtMs / 1000)),
    GMS_URS_PRIORITY: priority === undefined ? undefined : String(Math.round(priority)),
    CPNDigits: cpnDigits !== undefined && NUMBER.test(cpnDigits) ? cpnDigits : undefined,
  };
}

function userDataHeaders(
  { userData, attachUserData }: AttachedData,
  header: string,
): Record<string, string> {
  switch (attachUserData) {
    case 'gms_storage_id':
      return {}; // The service id is there anyway.
    case 'single_json': {
      const encoded = encode(JSON.stringify(userData));
      const isSent = Object.keys(userData).length > 0 && encoded.length <= USER_DATA_MAX_BYTES;
      return isSent ? { [header]: encoded } : {};
    }
    case 'separate_keys': {
      const headers: Record<string, string> = {};
      let room = USER_DATA_MAX_BYTES;
      for (const [key, value] of Object.entries(userData).slice(0, USER_DATA_MAX_HEADERS)) {
        const encoded = encode(value);
        const name = headerOfKey(header, key);
        // Keys that no header can be named after travel in `single_json` only.
        if (!/^[A-Za-z0-9-]+$/.test(name) || name.length > HEADER_NAME_MAX) continue;
        const size = name.length + encoded.length;
        if (encoded === '' || size > room) continue;
        room -= size;
        headers[name] = encoded;
      }
      return headers;
    }
  }
}

function headerOfKey(header: string, key: string): string {
  return `${header}-${key.replaceAll('_', '-')}`;
}

/** @returns the keys that were to travel and do not: no header can carry them, or there is no room */
export function userDataLeftOut(
  { userData, attachUserData }: Pick<AttachedData, 'userData' | 'attachUserData'>,
  { headers: { GMS_UserData: header } }: Pick<AttachedFormat, 'headers'>,
  sent: Readonly<Record<string, string>>,
): readonly string[] {
  if (header === undefined || attachUserData === 'gms_storage_id') return [];
  const nameOf = (key: string) =>
    attachUserData === 'single_json' ? header : headerOfKey(header, key);
  const isMissing = ([key, value]: [string, string]) =>
    value !== '' && !Object.hasOwn(sent, nameOf(key));
  return Object.entries(userData).flatMap((item) => (isMissing(item) ? [item[0]] : []));
}

/** What does not fit is left out from the end: half a JSON is none. */
function userToUserOf(data: AttachedData, format: AttachedFormat): string | undefined {
  const { userToUser, userToUserMaxBytes } = format;
  const values: Record<string, unknown> = { ...plainValues(data), GMS_UserData: data.userData };
  for (let kept = userToUser.length; kept > 0; kept -= 1) {
    const chosen = userToUser.slice(0, kept).filter((key) => values[key] !== undefined);
    if (chosen.length === 0) return undefined;
    const json = Buffer.from(
      JSON.stringify(Object.fromEntries(chosen.map((key) => [key, values[key]]))),
    );
    if (json.length <= userToUserMaxBytes) {
      return inHex(json);
    }
  }
  return undefined;
}

/** A text of a page's own for User-to-User; undefined: it is too long, and half of it would be none. */
export function userToUserText(
  text: string,
  { userToUserMaxBytes }: Pick<AttachedFormat, 'userToUserMaxBytes'>,
): string | undefined {
  const bytes = Buffer.from(text);
  return bytes.length <= userToUserMaxBytes ? inHex(bytes) : undefined;
}

function inHex(bytes: Buffer): string {
  return `${USER_SPECIFIC_PROTOCOL}${bytes.toString('hex')};encoding=hex`;
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}
