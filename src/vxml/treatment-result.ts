/**
 * What a page returned: `treatment_result` of its exit (page "Play Treatments", "Invoke a VXML
 * Interface"), as an object, as JSON text, or name by name. It is judged by whoever asked for it.
 */
import type { PageEnd } from './platform.js';

type Exited = Extract<PageEnd, { kind: 'exited' }>;

const NAME = 'treatment_result';

/** @returns undefined when the page left no result */
export function treatmentResult({ values, value }: Exited): unknown {
  const whole = parsed(values[NAME]);
  if (whole !== undefined) return whole;
  const flat = Object.entries(values)
    .filter(([name]) => name.startsWith(`${NAME}.`))
    .map(([name, json]) => [name.slice(NAME.length + 1), parsed(json)] as const);
  if (flat.length > 0) return Object.fromEntries(flat);
  return parsed(value);
}

/** What a blind transfer comes to, whatever the page says after it. */
export function transferResult(destination: string): unknown {
  return { action: 'route_to_rp', message: destination };
}

/** Everything that the exit's namelist named. */
export function exitValues({ values }: Exited): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, json]) => [name, parsed(json)]));
}

function parsed(json: string | undefined): unknown {
  return json === undefined ? undefined : JSON.parse(json);
}
