/** What a soak run writes down, and whether it stays level. */

export interface Sample {
  /** Since the load began, seconds. */
  readonly atS: number;
  readonly rssMiB: number;
  readonly heapMiB: number;
  /** Open handles and requests of the process. */
  readonly handles: number;
  readonly loopP99Ms: number;
  /** Request accepted to INVITE at the far end, of the calls since the last sample. ms */
  readonly dialP50Ms: number;
  readonly dialP95Ms: number;
  readonly callsUp: number;
  /** Since the beginning. */
  readonly completed: number;
}

export type Measure = 'rssMiB' | 'heapMiB' | 'handles' | 'loopP99Ms' | 'dialP50Ms' | 'dialP95Ms';

export interface Trend {
  readonly measure: Measure;
  readonly unit: string;
  /** Medians of the first and of the last quarter, once the warm-up is over. */
  readonly first: number;
  readonly last: number;
  readonly isLevel: boolean;
}

/** How far the last quarter may lie above the first: a share of it, and a floor for what is small. */
interface Allowance {
  readonly unit: string;
  readonly share: number;
  readonly floor: number;
}

const ALLOWED: Readonly<Record<Measure, Allowance>> = {
  rssMiB: { unit: 'MiB', share: 0.1, floor: 20 },
  heapMiB: { unit: 'MiB', share: 0.1, floor: 10 },
  handles: { unit: '', share: 0.2, floor: 5 },
  loopP99Ms: { unit: 'ms', share: 0.5, floor: 10 },
  dialP50Ms: { unit: 'ms', share: 0.5, floor: 20 },
  dialP95Ms: { unit: 'ms', share: 0.5, floor: 50 },
};
/** Of the samples: caches fill, code gets compiled. */
const WARM_UP = 0.2;

/** @param samples at least 8 */
export function trends(samples: readonly Sample[]): Trend[] {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  const quarter = Math.max(1, Math.floor(warm.length / 4));
  return (Object.keys(ALLOWED) as Measure[]).map((measure) => {
    const { unit, share, floor } = ALLOWED[measure];
    const first = median(warm.slice(0, quarter).map((sample) => sample[measure]));
    const last = median(warm.slice(-quarter).map((sample) => sample[measure]));
    // What is always zero was not measured, and proves nothing.
    const isMeasured = warm.some((sample) => sample[measure] > 0);
    const isLevel = isMeasured && last <= first + Math.max(first * share, floor);
    return { measure, unit, first, last, isLevel };
  });
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The metrics page as numbers; of a metric with labels, the sum. */
export function readMetrics(page: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const line of page.split('\n')) {
    const found = /^([a-z0-9_]+)(?:\{[^}]*\})? (\S+)$/.exec(line);
    if (!found) continue;
    const [, name = '', value] = found;
    sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return sums;
}
