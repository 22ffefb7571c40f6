/**
 * Reads what `status` of FreeSWITCH says: version, whether it takes calls, and how full it is. Pure.
 * Source: status_function in mod_commands.c of FreeSWITCH 1.10.12.
 */

export interface FreeswitchStatus {
  /** As it names itself, such as `1.10.12 -release 64bit`. */
  readonly version: string;
  /** False while it starts or has been told to shut down. */
  readonly isReady: boolean;
  /** Channels now, ours and everybody else's. */
  readonly sessionCount: number;
  /** Its own limit, `max-sessions`. */
  readonly sessionsMax: number;
  /** New channels a second at most, `sessions-per-second`. */
  readonly sessionsPerSecondMax: number;
  /** CPU time its machine has to spare, 0..100. */
  readonly idleCpuPercent: number;
}

/** Stock FreeSWITCH's own defaults, for what an answer leaves out. */
const STOCK = { sessionsMax: 1000, sessionsPerSecondMax: 30 };

/** @returns undefined for a text that is no status */
export function readStatus(text: string): FreeswitchStatus | undefined {
  const state = /^FreeSWITCH \((.*?)\) is (.*)$/m.exec(text);
  if (!state) return undefined;
  const number = (pattern: RegExp, otherwise: number): number => {
    const digits = pattern.exec(text)?.[1];
    return digits === undefined ? otherwise : Number(digits);
  };
  return {
    version: state[1]?.replace(/^Version /, '') ?? '',
    isReady: state[2]?.trim() === 'ready',
    sessionCount: number(/^(\d{1,9}) session\(s\) - peak/m, 0),
    sessionsMax: number(/^(\d{1,9}) session\(s\) max/m, STOCK.sessionsMax),
    sessionsPerSecondMax: number(
      /session\(s\) per Sec out of max (\d{1,9})/,
      STOCK.sessionsPerSecondMax,
    ),
    // `min idle cpu LIMIT/NOW`
    idleCpuPercent: number(/^min idle cpu [\d.]{1,9}\/([\d.]{1,9})/m, 100),
  };
}
