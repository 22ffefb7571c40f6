/**
 * How things stand at one moment: what was measured, what it was taken for, and how far the evidence
 * has come. For drawings and comparisons; the detector itself does not read it back.
 */

export interface Reading {
  /** Up to here the audio has come. ms */
  atMs: number;
  /** dB relative to full scale. */
  levelDb: number;
  floorDb: number;
  isSpeech: boolean;
  /** The tone that sounds, of a pair the lower one; else 0. Hz */
  toneHz: number;
  /**
   * Evidence as a share of what the verdict needs: 1 is enough. `revision` counts after "human": what
   * would take it back. 0 where it does not count yet or any more.
   */
  human: number;
  machine: number;
  silence: number;
  revision: number;
}

export const emptyReading = (): Reading => ({
  atMs: 0,
  levelDb: -100,
  floorDb: -100,
  isSpeech: false,
  toneHz: 0,
  human: 0,
  machine: 0,
  silence: 0,
  revision: 0,
});
