/**
 * What travels with the call to an agent or route point, as SIP headers: Genesys' attached data keys
 * `GMS_URS_PRIORITY`, `RouterData70` (age in seconds, its format is documented nowhere), the service
 * id and the user data (base64url, as `_attach_udata` says, left out beyond a size every stack takes).
 */

/** Room for user data in one header; UDP INVITEs should stay well under 1300 bytes. */
const USER_DATA_MAX_BYTES = 512;
/** A narrow token of RFC 3261 section 25.1; keys that are not one travel in `single_json` only. */
const HEADER_NAME = /^[A-Za-z0-9_-]{1,40}$/;

export interface AttachedData {
  readonly callbackId: string;
  readonly createdAtMs: number;
  readonly nowMs: number;
  readonly priority?: number;
  readonly userData: Readonly<Record<string, string>>;
  /** `_attach_udata`. */
  readonly attachUserData: 'single_json' | 'separate_keys' | 'gms_storage_id';
}

export function attachedHeaders(data: AttachedData): Record<string, string> {
  const headers: Record<string, string> = {
    'X-GMS-Service-ID': data.callbackId,
    'X-RouterData70': String(Math.max(0, Math.round((data.nowMs - data.createdAtMs) / 1000))),
    'X-GMS-Created-At': String(Math.round(data.createdAtMs / 1000)),
  };
  if (data.priority !== undefined) headers['X-GMS-URS-PRIORITY'] = String(data.priority);
  return { ...headers, ...userDataHeaders(data) };
}

function userDataHeaders({ userData, attachUserData }: AttachedData): Record<string, string> {
  switch (attachUserData) {
    case 'gms_storage_id':
      return {}; // The service id is there anyway.
    case 'single_json': {
      const encoded = encode(JSON.stringify(userData));
      const isSent = Object.keys(userData).length > 0 && encoded.length <= USER_DATA_MAX_BYTES;
      return isSent ? { 'X-GMS-User-Data': encoded } : {};
    }
    case 'separate_keys': {
      const headers: Record<string, string> = {};
      let room = USER_DATA_MAX_BYTES;
      for (const [key, value] of Object.entries(userData)) {
        const encoded = encode(value);
        room -= key.length + encoded.length;
        if (room < 0) break;
        if (HEADER_NAME.test(key)) headers[`X-GMS-UD-${key}`] = encoded;
      }
      return headers;
    }
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}
