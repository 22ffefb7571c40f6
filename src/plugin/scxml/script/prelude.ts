/**
 * What runs inside each new data model before the document does: JSON in and out, read-only system
 * variables, and a small DOM for XML values. It hands its functions to the host and leaves no name in
 * the global object.
 *
 * An XML value crosses as an object with the one key `\0xml`: outwards its source text, inwards a tree
 * of [name, attributes, children, source].
 */

import { HTTP_PROCESSOR, SCXML_PROCESSOR } from '../processors.js';
import { BOUND_NATIVE_LOOPS } from './native-loops.js';

/** Key that marks an XML value in JSON; no document writes it by accident. */
export const XML_KEY = '\0xml';
/** How the key looks inside JSON text. */
export const XML_KEY_IN_JSON = '\\u0000xml';

/** A function expression; called once with the largest length of a value's JSON text. */
export const PRELUDE = `(function (valueChars) {
  'use strict';
  var stringify = JSON.stringify, parse = JSON.parse, define = Object.defineProperty;
  var isArray = Array.isArray, global = globalThis, apply = Reflect.apply, find = ''.indexOf;
  ${BOUND_NATIVE_LOOPS}
  var slice = Array.prototype.slice;
  var SCXML = ${JSON.stringify(SCXML_PROCESSOR)}, HTTP = ${JSON.stringify(HTTP_PROCESSOR)};
  var KEY = '\\u0000xml', KEY_IN_JSON = '\\\\u0000xml';

  function Node(type, name, attributes, children, source) {
    this.nodeType = type;
    this.nodeName = this.tagName = name;
    this.localName = name && name.replace(/^.*:/, '');
    this.attributes = attributes;
    this.childNodes = children;
    define(this, 'source', { value: source });
  }
  Node.prototype = {
    getAttribute: function (name) {
      return this.hasAttribute(name) ? this.attributes[name] : '';
    },
    hasAttribute: function (name) {
      return Object.prototype.hasOwnProperty.call(this.attributes, name);
    },
    getElementsByTagName: function (name) {
      var found = [];
      (function walk(node) {
        node.childNodes.forEach(function (child) {
          if (child.nodeType !== 1) return;
          if (name === '*' || child.tagName === name) found.push(child);
          walk(child);
        });
      })(this);
      return found;
    },
    get firstChild() { return this.childNodes[0] || null; },
    get lastChild() { return this.childNodes[this.childNodes.length - 1] || null; },
    get textContent() {
      return this.childNodes.map(function (child) {
        return child.nodeType === 3 ? child.data : child.textContent;
      }).join('');
    },
    toString: function () { return this.source; },
    toJSON: function () { var marked = {}; marked[KEY] = this.source; return marked; },
  };
  function element(tree) {
    return new Node(1, tree[0], tree[1], tree[2].map(function (child) {
      return typeof child === 'string'
        ? { nodeType: 3, nodeName: '#text', data: child, nodeValue: child }
        : element(child);
    }), tree[3]);
  }
  function xmlDocument(tree) {
    var root = element(tree);
    var node = new Node(9, '#document', {}, [root], tree[3]);
    node.documentElement = root;
    return node;
  }
  function revive(value) {
    if (!value || typeof value !== 'object') return value;
    if (isArray(value[KEY])) return xmlDocument(value[KEY]);
    Object.keys(value).forEach(function (key) { value[key] = revive(value[key]); });
    return value;
  }
  function read(json) {
    if (json === undefined) return undefined;
    var value = parse(json);
    return apply(find, json, [KEY_IN_JSON]) < 0 ? value : revive(value);
  }
  function write(value) {
    var json = typeof value === 'function' ? undefined : stringify(value);
    if (json !== undefined && json.length > valueChars)
      throw new RangeError('a value of ' + json.length + ' characters, ' + valueChars + ' are allowed');
    return json;
  }
  function readOnly(name, value) {
    define(global, name, { value: value, writable: false, configurable: true, enumerable: false });
  }
  function wrap(name, call) {
    define(global, name, {
      value: function () {
        var args = [name];
        for (var i = 0; i < arguments.length; i++) args[i + 1] = write(arguments[i]);
        return read(apply(call, undefined, args));
      },
      writable: true, configurable: true, enumerable: false,
    });
  }
  function describe(error) {
    try {
      if (error instanceof Error) return (error.name + ': ' + error.message).slice(0, 500);
      if (error === null) return 'null was thrown';
      // Not by its own toString, which would be code of the document.
      return typeof error === 'object' ? 'an object was thrown' : String(error).slice(0, 500);
    } catch (other) {
      return 'an error that cannot be printed';
    }
  }
  var fields = ['name', 'type', 'sendid', 'origin', 'origintype', 'invokeid', 'data', 'raw'];

  return {
    evaluate: function (code) { return write(apply(code, global, [])); },
    give: function (take, json) { apply(take, global, [read(json)]); },
    furnish: function () {
      readOnly('_sessionid', undefined);
      readOnly('_name', undefined);
      readOnly('_ioprocessors', undefined);
      readOnly('_x', {});
      readOnly('_event', undefined);
    },
    begin: function (id, name, http, learn, facts, take, params) {
      var here = { location: '#_scxml_' + id }, there = { location: http };
      readOnly('_sessionid', id);
      readOnly('_name', name);
      readOnly('_ioprocessors', http === undefined ? { [SCXML]: here, scxml: here }
        : { [SCXML]: here, scxml: here, [HTTP]: there, basichttp: there });
      if (learn) apply(learn, global, [read(facts)]);
      if (take) try { apply(take, global, [read(params)]); } catch (error) { return describe(error); }
    },
    setEvent: function (json, data) {
      var given = parse(json), event = {};
      given.data = read(data);
      for (var i = 0; i < fields.length; i++) event[fields[i]] = given[fields[i]];
      readOnly('_event', event);
    },
    snapshot: function (value) {
      if (!isArray(value)) throw new TypeError('foreach needs an array');
      return slice.call(value);
    },
    wrap: function (names, call) { parse(names).forEach(function (name) { wrap(name, call); }); },
    describe: describe,
  };
})`;
