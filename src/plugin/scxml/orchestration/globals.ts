/**
 * What pages of the dialect find in their data model: `_data` with every data item and parameter, the
 * same by bare name unless a script has a variable of that name, `toSource`, `uneval`, and the
 * functions that begin with two underscores.
 */
import type { ScriptFunction } from '../extension.js';

/** The names are inherited by the global object, so that `var system` and `_data.system` are two things. */
export const PRELUDE = `(function (global) {
  'use strict';
  var define = Object.defineProperty, stringify = JSON.stringify, apply = Reflect.apply;
  var hasOwn = Object.prototype.hasOwnProperty;
  var data = {}, names = Object.create(data);
  define(global, '_data', { value: data, writable: false, enumerable: true, configurable: false });
  Object.setPrototypeOf(global, names);
  function declare(name) {
    if (apply(hasOwn, names, [name])) return;
    define(names, name, {
      get: function () { return data[name]; },
      set: function (value) { data[name] = value; },
      enumerable: false, configurable: true,
    });
  }
  define(global, '__declare', { value: function (ids) {
    for (var i = 0; i < ids.length; i++) { data[ids[i]] = undefined; declare(ids[i]); }
  } });
  define(global, '__take', { value: function (pairs) {
    for (var i = 0; i < pairs.length; i++) { data[pairs[i][0]] = pairs[i][1]; declare(pairs[i][0]); }
  } });
  function source(value) {
    if (value === undefined) return '(void 0)';
    if (typeof value === 'function') return '(' + value + ')';
    try {
      var json = stringify(value);
      return value !== null && typeof value === 'object' && !Array.isArray(value) ? '(' + json + ')' : json;
    } catch (error) { return '({})'; }
  }
  define(Object.prototype, 'toSource', {
    value: function () {
      return source(this instanceof String || this instanceof Number || this instanceof Boolean ? this.valueOf() : this);
    },
    writable: true, configurable: true, enumerable: false,
  });
  define(global, 'uneval', { value: source, writable: true, configurable: true, enumerable: false });
})(globalThis);`;

export const functions: Readonly<Record<string, ScriptFunction>> = {
  __Log: (context, [message]) => {
    context.log('__Log', message);
    return undefined;
  },
  __Raise: (context, [name, data]) => {
    const event: unknown = name === undefined ? undefined : JSON.parse(name);
    if (typeof event === 'string' && event !== '') context.raise(event, data);
    return undefined;
  },
  __GetDocumentURL: (context) => JSON.stringify(context.documentUrl),
  __GetCurrentStates: (context) => JSON.stringify(context.activeStates()),
};
