/**
 * Where the embedded media server knowingly differs from FreeSWITCH 1.10.12. The golden transcript
 * is what FreeSWITCH says; `real` is replaced by `embedded` before the two are compared. An entry
 * that no longer applies fails its test.
 */

/** One difference, within one scenario: a text, or the last events, which never come. */
export type Difference = { readonly scenario: string; readonly why: string } & (
  { readonly real: string; readonly embedded: string } | { readonly losesLastEvents: true }
);

export const KNOWN_DIFFERENCES: readonly Difference[] = [
  {
    scenario: 'break file_string',
    real: 'variable_playback_ms=2298',
    embedded: 'variable_playback_ms=2048',
    why: 'FreeSWITCH reads each file of the list ahead by itself; clients go by the offset',
  },
  {
    scenario: 'kill during a playback',
    losesLastEvents: true,
    why: 'FreeSWITCH loses them more often than not, and clients have to live with it',
  },
];
