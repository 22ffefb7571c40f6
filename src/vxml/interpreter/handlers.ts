/** Which handler an event goes to (2.0, 5.2.4), and what happens when the page has none (5.2.5). */
import { attributeOf, elementsOf, type XmlElement } from '../../plugin/scxml/document/xml.js';
import { CATCH_ELEMENTS } from '../document/elements.js';
import type { EventCounters } from './items.js';

/**
 * @param scopes elements whose handlers count, innermost first
 * @param test evaluates a handler's cond
 */
export function findHandler(
  event: string,
  scopes: readonly XmlElement[],
  counters: EventCounters,
  test: (cond: string, handler: XmlElement) => boolean,
): XmlElement | undefined {
  let best: { readonly handler: XmlElement; readonly count: number } | undefined;
  for (const handler of scopes.flatMap((scope) => elementsOf(scope).filter(isHandler))) {
    const name = matching(handler, event);
    if (name === undefined) continue;
    const cond = attributeOf(handler, 'cond');
    if (cond !== undefined && !test(cond, handler)) continue;
    const count = Number(attributeOf(handler, 'count') ?? 1);
    if (count > counters.of(name)) continue;
    // The first of those with the highest count.
    if (best === undefined || count > best.count) best = { handler, count };
  }
  return best?.handler;
}

function isHandler({ local }: XmlElement): boolean {
  return CATCH_ELEMENTS.has(local);
}

/** The name in the handler's list that matches, longest first; undefined = none. */
function matching(handler: XmlElement, event: string): string | undefined {
  const names =
    handler.local === 'catch'
      ? (attributeOf(handler, 'event') ?? '').split(/\s+/).map(withoutWildcard)
      : [handler.local];
  return names
    .filter((name) => isPrefix(name, event))
    .reduce<string | undefined>(
      (longest, name) => (name.length > (longest?.length ?? -1) ? name : longest),
      undefined,
    );
}

function withoutWildcard(name: string): string {
  return name.replace(/\.?\*?$/, '');
}

function isPrefix(name: string, event: string): boolean {
  return name === '' || event === name || event.startsWith(`${name}.`);
}

export type BuiltInAction = 'go-on' | 'reprompt' | 'exit' | 'fail';

export function builtInAction(event: string): BuiltInAction {
  if (isPrefix('cancel', event)) return 'go-on';
  if (['help', 'noinput', 'nomatch', 'maxspeechtimeout'].some((name) => isPrefix(name, event))) {
    return 'reprompt';
  }
  if (isPrefix('exit', event) || isPrefix('connection.disconnect', event)) return 'exit';
  return 'fail';
}
