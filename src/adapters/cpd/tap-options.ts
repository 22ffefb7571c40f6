/** What a tap is opened with, and the options of the detector that follow from it. */
import type { Calibration } from '../../cpd/calibration.js';
import { DEFAULT_OPTIONS, resolveOptions, type CpdOptions } from '../../cpd/options.js';
import type { AnalysisRequest } from '../../ports.js';

/** What a tap is opened with. Either shape; single options win over `postConnectTimeoutMs`. */
export type TapRequest = Partial<CpdOptions> &
  Pick<AnalysisRequest, 'id' | 'service'> &
  Partial<Pick<AnalysisRequest, 'postConnectTimeoutMs'>>;

/** @see CpdPool.open */
export class CpdError extends Error {
  readonly code: 'CPD_TOO_MANY_TAPS' | 'CPD_BAD_OPTION' | 'CPD_FAILED' | 'CPD_STOPPED';

  constructor(code: CpdError['code'], message: string) {
    super(message);
    this.name = 'CpdError';
    this.code = code;
  }
}

/** @throws CpdError `CPD_BAD_OPTION` when an option is outside its range */
export function optionsOf(request: TapRequest, calibration?: Calibration): Partial<CpdOptions> {
  const { id: _id, service: _service, postConnectTimeoutMs, silenceTimeoutMs, ...given } = request;
  const timeouts =
    postConnectTimeoutMs === undefined
      ? {}
      : {
          silenceTimeoutMs: clamp(silenceTimeoutMs ?? postConnectTimeoutMs, 500, 60_000),
          decisionTimeoutMs: clamp(postConnectTimeoutMs, 1000, 60_000),
        };
  try {
    const own = postConnectTimeoutMs === undefined && silenceTimeoutMs !== undefined;
    const silence = own ? { silenceTimeoutMs } : {};
    const timing = {
      ...calibration?.profiles[given.profile ?? DEFAULT_OPTIONS.profile],
      ...given.timing,
    };
    return resolveOptions({ ...timeouts, ...silence, ...given, timing, sampleRateHz: 8000 });
  } catch (error) {
    throw new CpdError('CPD_BAD_OPTION', error instanceof Error ? error.message : String(error));
  }
}

const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));
