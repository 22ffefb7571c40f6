/**
 * The object `_genesys` that pages of the dialect read: the calls of the session, their attached data,
 * the call states. The host says what there is (`__learn`); what a page writes with `setuData` goes to
 * the host and comes back as the event interaction.udata.changed, as on the original.
 *
 * What needs a configuration server throws by name instead of returning a guess.
 */
import { CALL_STATE } from '../../../callflow/call-state.js';
import type { ScriptFunction } from '../extension.js';

/** What the host tells a session; any part may be missing. */
export interface SessionFacts {
  /** By interaction id; null: it is not the session's any more. */
  readonly interactions?: Readonly<Record<string, InteractionFacts | null>>;
}

/** One call as `_genesys.ixn.interactions[id]` shows it. */
export interface InteractionFacts {
  readonly g_uid: string;
  readonly category: 'voice';
  readonly tenantid: number;
  readonly parentid: null;
  readonly parties: readonly string[];
  readonly udata: Readonly<Record<string, unknown>>;
  readonly ani: string;
  readonly location: { readonly dn: string };
  readonly voice: {
    readonly type: 'outbound';
    readonly ani: string;
    readonly dnis: string;
    readonly callid: string;
    readonly media: 'voice';
  };
}

/** As the page prints it: a misprint that plugins may have copied. */
const CALL_STATES = { ...CALL_STATE, SilDetected: CALL_STATE.SitDetected };

/** Of `_genesys.session`. */
export const UNSUPPORTED = [
  'getListItemValue',
  'getConfigOption',
  'isSpecialDay',
  'dayInZone',
  'dateInZone',
  'timeInZone',
  'lookupseq',
];

export const GENESYS_PRELUDE = `(function (global) {
  'use strict';
  var define = Object.defineProperty, send = global.__SetUserData;
  delete global.__SetUserData;
  function unsupported(name) {
    return function () { throw new Error(name + ' needs a configuration server and is not supported'); };
  }
  var session = { tenant: 'Environment', tenantid: 1, server: 'dialback' };
  for (var name of ${JSON.stringify(UNSUPPORTED)})
    session[name] = unsupported('_genesys.session.' + name);
  var ixn = {
    interactions: {}, firstixnid: undefined, callState: ${JSON.stringify(CALL_STATES)},
    getuData: function (key, id) {
      var one = ixn.interactions[id === undefined ? ixn.firstixnid : id];
      return one && one.udata[key];
    },
    setuData: function (values, id) {
      send({ attributes: { interactionid: id === undefined ? ixn.firstixnid : id }, params: values });
    },
    deleteuData: function (key, id) {
      var values = {};
      values[key] = null;
      ixn.setuData(values, id);
    },
  };
  define(global, '_genesys', {
    value: { ixn: ixn, session: session, statistic: { sData: unsupported('_genesys.statistic.sData') } },
    writable: false, enumerable: true, configurable: false,
  });
  define(global, '__learn', { value: function (facts) {
    var told = facts.interactions || {};
    for (var id in told) {
      if (told[id] === null) delete ixn.interactions[id];
      else ixn.interactions[id] = told[id];
      if (ixn.firstixnid === undefined) ixn.firstixnid = id;
    }
  } });
})(globalThis);`;

export const genesysFunctions: Readonly<Record<string, ScriptFunction>> = {
  __SetUserData: (context, [change]) => {
    context.request('interaction.setudata', change);
    return undefined;
  },
};
