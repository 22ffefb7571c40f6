/**
 * What a page is told about its call: `session.connection.*` (VoiceXML 2.0, 5.1.4), the parameters a
 * plugin gets, by their names, and the request URI that pages of Genesys' media platform read.
 */
import type { HeldCallFacts } from '../holder/held-call.js';
import type { HolderParameters } from '../holder/holder-parameters.js';

export type PageParameters = Omit<HolderParameters, '_reply_url'>;

/** JSON text by name of the variable. */
export function callVariables(
  facts: HeldCallFacts,
  parameters: PageParameters,
): Record<string, string> {
  const texts = parameterTexts(parameters);
  const connection = {
    uuid: facts.interactionId,
    local: { uri: facts.callerId === undefined ? null : `tel:${facts.callerId}` },
    remote: { uri: `tel:${facts.customerNumber}` },
    originator: null,
    protocol: {
      name: 'sip',
      version: '2.0',
      sip: { headers: facts.sipHeaders, requesturi: { uri: facts.requestUri, ...texts } },
    },
    callidref: facts.callId,
  };
  // Where pages that Genesys Composer makes look for the attached data; without it they stop at their root.
  const com = {
    genesyslab: { userdata: parameters._user_data, sessionid: facts.interactionId },
  };
  return Object.fromEntries(
    Object.entries({ connection, com, sessionid: facts.interactionId, ...parameters })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, JSON.stringify(value)]),
  );
}

/** What goes into the query of the first address: a page made by a server sees it, too. */
export function withParameters(url: string, parameters: PageParameters): string {
  if (!/^https?:/i.test(url) || !URL.canParse(url)) return url;
  const address = new URL(url);
  for (const [name, text] of Object.entries(parameterTexts(parameters))) {
    if (!address.searchParams.has(name)) address.searchParams.set(name, text);
  }
  return address.href;
}

const TEXT_MAX_LENGTH = 1000;

/** As a form would carry them; what is too long for an address is left out. */
function parameterTexts(parameters: PageParameters): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters)
      .map(([name, value]): [string, string] => [name, textOf(value)])
      .filter(([, text]) => text.length <= TEXT_MAX_LENGTH),
  );
}

function textOf(value: unknown): string {
  if (value === undefined) return 'undefined';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
