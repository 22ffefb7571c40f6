/**
 * What travels with the call to an agent or route point, as SIP headers: Genesys' attached data keys
 * `GMS_URS_PRIORITY`, `RouterData70` (age in seconds, its format is documented nowhere), the service
 * id and the user data (base64url JSON, cut off at a size every SIP stack takes).
 */

/** Room for user data in one header; UDP INVITEs should stay well under 1300 bytes. */
const USER_DATA_MAX_BYTES = 512;

export interface AttachedData {
  readonly callbackId: string;
  readonly createdAtMs: number;
  readonly nowMs: number;
  readonly priority?: number;
  readonly userData: Readonly<Record<string, string>>;
}

export function attachedHeaders(data: AttachedData): Record<string, string> {
  const headers: Record<string, string> = {
    'X-GMS-Service-ID': data.callbackId,
    'X-RouterData70': String(Math.max(0, Math.round((data.nowMs - data.createdAtMs) / 1000))),
    'X-GMS-Created-At': String(Math.round(data.createdAtMs / 1000)),
  };
  if (data.priority !== undefined) headers['X-GMS-URS-PRIORITY'] = String(data.priority);
  const json = JSON.stringify(data.userData);
  if (json !== '{}') {
    const encoded = Buffer.from(json).toString('base64url');
    if (encoded.length <= USER_DATA_MAX_BYTES) headers['X-GMS-User-Data'] = encoded;
  }
  return headers;
}
