import type { HeldCallCode, HeldRefusal } from './held-call.js';

export function refusal(code: HeldCallCode, why: string): HeldRefusal {
  return { kind: 'refused', code, why };
}
