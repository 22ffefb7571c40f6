/**
 * Everything the adapter and the libraries under it ask of the two servers, as data. The adapter can
 * send nothing else (the types below are made of these lists), and a test compares them with what
 * the embedded engine implements: neither exceeds the other.
 */

/** API commands, sent as `api NAME ...`. */
export const APIS = [
  'expand',
  'file_exists',
  'global_getvar',
  'hupall',
  'module_exists',
  'sofia',
  'status',
  'uuid_audio_fork',
  'uuid_break',
  'uuid_bridge',
  'uuid_displace',
  'uuid_getvar',
  'uuid_kill',
  'uuid_record',
  'uuid_set_media_stats',
  'uuid_setvar',
  'uuid_transfer',
] as const;

/** Asked only of a media server that encrypts; the embedded engine does not, and is never asked. */
type SecureApi = 'uuid_media_reneg';

/** Applications, executed on a channel. `park` is named in transfer and uuid_transfer. */
export const APPLICATIONS = ['multiset', 'park', 'playback', 'transfer'] as const;

/** What `playback` is given, besides absolute paths. A loop is `file_string://a!a!a...`. */
export const FILE_FORMATS = ['file_string', 'http', 'https', 'silence_stream'] as const;

/** `call-command` values of sendmsg. */
export const CALL_COMMANDS = ['execute', 'unicast'] as const;

/** Event socket commands; the first five come from drachtio-fsmrf and drachtio-modesl. */
export const ESL_COMMANDS = [
  'auth',
  'connect',
  'event',
  'exit',
  'filter',
  'api',
  'sendmsg',
] as const;

/** SIP requests drachtio sends for us; PRACK when the far side asks for it. */
export const SIP_METHODS = [
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'PRACK',
  'REGISTER',
  'OPTIONS',
] as const;

export type ApiName = (typeof APIS)[number] | SecureApi;
export type ApplicationName = (typeof APPLICATIONS)[number];

export const ENGINE_COMMANDS = {
  apis: APIS,
  applications: APPLICATIONS,
  fileFormats: FILE_FORMATS,
  callCommands: CALL_COMMANDS,
  eslCommands: ESL_COMMANDS,
  sipMethods: SIP_METHODS,
} as const;
