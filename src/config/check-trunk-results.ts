/** Rows of `trunkResults` that an earlier row leaves nothing to decide. */
import type { ResultConditions } from '../dial/result-rows.js';
import { finding } from './check-finding.js';
import type { DialbackConfig } from './config.js';
import type { Problem } from './problem.js';

export function checkTrunkResults(config: DialbackConfig): Problem[] {
  const { trunkResults: rows } = config;
  return rows.flatMap((row, index) => {
    const earlier = rows.slice(0, index).find((before) => holdsWhenever(before.when, row.when));
    if (!earlier) return [];
    const differs =
      earlier.then === row.then && earlier.answer === row.answer ? '' : ', and says otherwise';
    const message = `This row never decides: ${earlier.id} fits first whenever it would${differs}.`;
    return [finding(config, 'CHECK_CONTRADICTION', 'warning', `trunkResults[${index}]`, message)];
  });
}

/** Whether every refusal that fits `later` fits `earlier` too. */
function holdsWhenever(earlier: ResultConditions, later: ResultConditions): boolean {
  const { trunks, status, q850Cause, reasonText, header } = earlier;
  if (trunks && !later.trunks?.every((name) => trunks.includes(name))) return false;
  if (status && !(later.status && later.status[0] >= status[0] && later.status[1] <= status[1])) {
    return false;
  }
  if (q850Cause !== undefined && q850Cause !== later.q850Cause) return false;
  if (reasonText !== undefined && !hasText(later.reasonText, reasonText)) return false;
  if (header === undefined) return true;
  const isSame = header.name.toLowerCase() === later.header?.name.toLowerCase();
  return isSame && hasText(later.header?.text, header.text);
}

const hasText = (whole: string | undefined, part: string): boolean =>
  whole?.toLowerCase().includes(part.toLowerCase()) === true;
