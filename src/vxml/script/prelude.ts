/**
 * What runs inside each session's script engine before the page does: the variable scopes of VoiceXML
 * (2.0, 5.1.2), read-only XML documents for `data` (2.1, appendix D) and the rule variables of semantic
 * interpretation. Code of the page runs in functions inside a `with` over the scope it stands in.
 *
 * Names that a script declares have to become variables of its scope. They are found by the engine
 * itself: the script is evaluated with a `throw` in front, which hoists its names and runs nothing.
 */

/** The only name it leaves in the global object. */
export const HIDDEN = '__vxml';

export const PRELUDE = `(function (global) {
  'use strict';
  var own = function (object, key) { return Object.prototype.hasOwnProperty.call(object, key); };
  var nodes = new Map(), compiled = new Map(), lists = new Map();
  var Fn = Function, STOP = {}, MISSING = {};
  var WORDS = new Set(['this', 'true', 'false', 'null', 'arguments']);

  function open(id, parentId, name, sharedId) {
    var node = { parent: nodes.get(parentId), name: name, hoisting: false };
    node.vars = sharedId === undefined ? {} : nodes.get(sharedId).vars;
    node.proxy = new Proxy({}, {
      has: function (target, key) {
        return typeof key === 'string' && !node.hoisting && find(node, key) !== undefined;
      },
      get: function (target, key) {
        if (typeof key !== 'string') return undefined;
        var at = find(node, key);
        return at && (own(at.vars, key) ? at.vars[key] : at.vars);
      },
      set: function (target, key, value) {
        var at = find(node, key);
        if (!at || !own(at.vars, key)) throw new TypeError(key + ' cannot be assigned');
        if (at.isReadOnly) throw new TypeError(key + ' is read-only');
        at.vars[key] = value;
        return true;
      },
      deleteProperty: function () { return false; },
    });
    nodes.set(id, node);
  }
  function find(node, key) {
    for (var at = node; at; at = at.parent) if (own(at.vars, key)) return at;
    for (at = node; at; at = at.parent) if (at.name === key) return at;
    return undefined;
  }
  function compile(code) {
    var made = compiled.get(code);
    if (!made) {
      made = new Fn('__scope', 'with(__scope){return (' + code.replace(/;\\s*$/, '') + '\\n)}');
      if (compiled.size > 500) compiled.clear();
      compiled.set(code, made);
    }
    return made;
  }
  function value(id, code) { return compile(code)(nodes.get(id).proxy); }
  function textIfAny(id, code) {
    var it = value(id, code);
    return it === undefined ? undefined : String(it);
  }
  function declare(id, name, hasValue, it) {
    var vars = nodes.get(id).vars;
    if (hasValue || !own(vars, name)) vars[name] = it;
  }
  /* Assigning needs a variable: its root, or for a scope's name the member of that scope. */
  function assign(id, location, code) {
    var node = nodes.get(id), root = /^\\s*([^\\s.\\[]+)\\s*(?:\\.\\s*([^\\s.\\[]+))?/.exec(location) || [];
    var at = find(node, root[1]);
    if (!at) throw new ReferenceError(root[1] + ' is not declared');
    if (!own(at.vars, root[1])) {
      if (root[2] === undefined || !own(at.vars, root[2]))
        throw new ReferenceError(location + ' is not declared');
    }
    if (at.isReadOnly) throw new TypeError(location + ' is read-only');
    var it = value(id, code);
    var key = 'assign ' + location, set = compiled.get(key);
    if (!set) {
      set = new Fn('__scope', '__it',
        'with(__scope){(function(){"use strict";' + location + '=__it})()}');
      compiled.set(key, set);
    }
    set(node.proxy, it);
  }
  function declaredBy(source) {
    var candidates = source.match(/[\\p{ID_Start}$_][\\p{ID_Continue}$]*/gu) || [];
    var isProbing = false, found = [];
    var sentinel = new Proxy({}, {
      has: function (target, key) { return isProbing && typeof key === 'string' && key !== 'eval'; },
      get: function () { return MISSING; },
    });
    var probe = new Fn('__sentinel', '__source', '__stop',
      'with(__sentinel){return (function(){var __look;' +
      'try{eval("__look=function(__n){return eval(__n)};throw __stop;"+__source)}' +
      'catch(__e){if(__e!==__stop)throw __e}return __look})()}');
    var look = probe(sentinel, source, STOP);
    isProbing = true;
    new Set(candidates).forEach(function (name) {
      var it;
      if (WORDS.has(name)) return;
      try { it = look(name); } catch (error) {
        /* let, const and class have no value yet, and say so. */
        if (error instanceof ReferenceError) found.push([name, 'lexical']);
        return;
      }
      if (it !== MISSING) found.push([name, typeof it]);
    });
    return found;
  }
  function script(id, source) {
    var node = nodes.get(id), names = declaredBy(source), before = Object.getOwnPropertyNames(global);
    var binds = '', bindsLast = '';
    names.forEach(function (pair) {
      var bind = '__bind("' + pair[0] + '",' + pair[0] + ');';
      if (pair[1] === 'function') binds += bind;
      else if (pair[1] === 'lexical') bindsLast += bind;
      else if (!own(node.vars, pair[0])) node.vars[pair[0]] = undefined;
    });
    var run = new Fn('__scope', '__mode', '__bind', '__source',
      'with(__scope){eval(__source)}');
    var known = new Set(before);
    try {
      run(node.proxy, function (isHoisting) { node.hoisting = isHoisting; },
        function (name, it) { node.vars[name] = it; },
        '__mode(true);' + binds + '__mode(false);' + source + '\\n;' + bindsLast);
    } finally {
      node.hoisting = false;
      Object.getOwnPropertyNames(global).forEach(function (name) {
        if (known.has(name)) return;
        node.vars[name] = global[name];
        delete global[name];
      });
    }
  }

  function dom(tree, owner, parent) {
    if (typeof tree === 'string') return new DomNode(owner, parent, 3, '#text', tree);
    var node = new DomNode(owner, parent, 1, tree[0], null);
    node.tagName = tree[0];
    node.localName = tree[0].replace(/^.*:/, '');
    node.prefix = tree[0].indexOf(':') < 0 ? null : tree[0].replace(/:.*$/, '');
    node.namespaceURI = tree[3] || null;
    node.attributes = nodeList(Object.keys(tree[1]).map(function (name) {
      var attribute = new DomNode(owner, null, 2, name, tree[1][name]);
      attribute.localName = name.replace(/^.*:/, '');
      attribute.prefix = name.indexOf(':') < 0 ? null : name.replace(/:.*$/, '');
      attribute.namespaceURI = tree[4][name] || null;
      attribute.name = name; attribute.value = tree[1][name]; attribute.ownerElement = node;
      attribute.specified = true;
      return attribute;
    }));
    node.attributes.getNamedItem = function (name) { return node.getAttributeNode(name); };
    node.attributes.getNamedItemNS = function (uri, local) { return node.getAttributeNodeNS(uri, local); };
    node.childNodes = nodeList(tree[2].map(function (child) { return dom(child, owner, node); }));
    return node;
  }
  function DomNode(owner, parent, type, name, it) {
    this.nodeType = type; this.nodeName = name; this.nodeValue = it;
    this.childNodes = nodeList([]); this.attributes = null;
    hide(this, 'parentNode', parent); hide(this, 'ownerDocument', owner);
    if (type === 3) { this.data = it; this.length = it.length; }
  }
  function hide(object, key, it) {
    Object.defineProperty(object, key, { value: it, enumerable: false, configurable: true, writable: true });
  }
  function nodeList(items) {
    items.item = function (index) { return items[index] === undefined ? null : items[index]; };
    return items;
  }
  function sibling(node, step) {
    if (!node.parentNode) return null;
    var all = node.parentNode.childNodes;
    return all[all.indexOf(node) + step] || null;
  }
  DomNode.prototype = {
    ELEMENT_NODE: 1, ATTRIBUTE_NODE: 2, TEXT_NODE: 3, DOCUMENT_NODE: 9,
    get firstChild() { return this.childNodes[0] || null; },
    get lastChild() { return this.childNodes[this.childNodes.length - 1] || null; },
    get previousSibling() { return sibling(this, -1); },
    get nextSibling() { return sibling(this, 1); },
    get textContent() {
      if (this.nodeType < 9 && this.nodeType !== 1) return this.nodeValue;
      return Array.prototype.map.call(this.childNodes, function (c) { return c.textContent; }).join('');
    },
    hasChildNodes: function () { return this.childNodes.length > 0; },
    hasAttributes: function () { return !!this.attributes && this.attributes.length > 0; },
    getAttributeNode: function (name) {
      for (var i = 0; this.attributes && i < this.attributes.length; i++)
        if (this.attributes[i].nodeName === name) return this.attributes[i];
      return null;
    },
    getAttribute: function (name) { var a = this.getAttributeNode(name); return a ? a.nodeValue : ''; },
    getAttributeNodeNS: function (uri, local) {
      for (var i = 0; this.attributes && i < this.attributes.length; i++) {
        var at = this.attributes[i];
        if (at.localName === local && (at.namespaceURI || '') === (uri || '')) return at;
      }
      return null;
    },
    getAttributeNS: function (uri, local) { var a = this.getAttributeNodeNS(uri, local); return a ? a.nodeValue : ''; },
    hasAttributeNS: function (uri, local) { return this.getAttributeNodeNS(uri, local) !== null; },
    hasAttribute: function (name) { return this.getAttributeNode(name) !== null; },
    getElementsByTagName: function (name) {
      var found = [];
      (function walk(node) {
        for (var i = 0; i < node.childNodes.length; i++) {
          var child = node.childNodes[i];
          if (child.nodeType !== 1) continue;
          if (name === '*' || child.nodeName === name) found.push(child);
          walk(child);
        }
      })(this);
      return nodeList(found);
    },
    getElementsByTagNameNS: function (uri, local) {
      return nodeList(this.getElementsByTagName('*').filter(function (node) {
        return (uri === '*' || node.namespaceURI === uri) && (local === '*' || node.localName === local);
      }));
    },
    getElementById: function (id) {
      return this.getElementsByTagName('*').filter(function (node) {
        return node.getAttribute('id') === id || node.getAttribute('xml:id') === id;
      })[0] || null;
    },
    substringData: function (offset, count) { return this.data.substr(offset, count); },
    toString: function () { return '[object ' + this.nodeName + ']'; },
  };
  /* The document is read-only (2.1, appendix D): whatever would change it says so. */
  ['appendChild', 'insertBefore', 'removeChild', 'replaceChild', 'setAttribute', 'setAttributeNS',
    'setAttributeNode', 'removeAttribute', 'removeAttributeNS', 'removeAttributeNode', 'normalize',
    'appendData', 'insertData', 'deleteData', 'replaceData', 'splitText'].forEach(function (name) {
    DomNode.prototype[name] = function () {
      var error = new Error(name + ': the document is read-only');
      error.code = 7;
      throw error;
    };
  });
  function domDocument(tree) {
    var node = new DomNode(null, null, 9, '#document', null);
    node.documentElement = dom(tree, node, node);
    node.childNodes = nodeList([node.documentElement]);
    return node;
  }

  /* Rule variables (SISR 1.0). Tree: [rule, [text | {tag} | tree, ...], format]. */
  function interpretation(tree) { return rule(tree).out; }
  function rule(tree) {
    var isSet = false, out = {}, words = '', last, hasRule = false;
    var env = { rules: {}, meta: { current: function () { return { text: words, score: 1 }; } } };
    env.rules.latest = function () { return last; };
    var get = function () { return out; };
    var set = function (it) { out = it; isSet = true; };
    Object.defineProperty(env, 'out', { get: get, set: set });
    Object.defineProperty(env, '$', { get: get, set: set });
    tree[1].forEach(function (part) {
      if (typeof part === 'string') { words += part; return; }
      if (!Array.isArray(part)) {
        if (part.literal !== undefined) { set(part.literal); return; }
        isSet = true;
        new Fn('__env', 'with(__env){' + part.tag + '\\n}')(env);
        return;
      }
      var inner = rule(part);
      words += inner.text;
      last = env.rules[part[0]] = inner.out;
      hasRule = inner.isSet;
    });
    if (!isSet && hasRule) return { out: last, text: words, isSet: true };
    return { out: isSet ? out : words, text: words, isSet: isSet };
  }

  function list(key, id, code) {
    var it = value(id, code);
    if (!Array.isArray(it)) throw new TypeError('foreach needs an array');
    lists.set(key, it.slice());
    return it.length;
  }
  function pick(id, names) {
    var it = {};
    names.forEach(function (name) { it[name.replace(/^.*\\./, '')] = value(id, name); });
    return it;
  }
  function flat(it) {
    if (it === undefined) return 'undefined';
    return typeof it === 'object' && it !== null && it.nodeType === undefined && String(it) === '[object Object]'
      ? JSON.stringify(it) : String(it);
  }
  function lastResult(results, extra) {
    var it = results;
    Object.keys(results[0] || {}).forEach(function (key) { it[key] = results[0][key]; });
    Object.keys(extra).forEach(function (key) { it[key] = extra[key]; });
    return it;
  }
  function freeze(it) {
    if (typeof it === 'object' && it !== null && !Object.isFrozen(it)) {
      Object.freeze(it);
      Object.keys(it).forEach(function (key) { freeze(it[key]); });
    }
  }
  Object.defineProperty(global, '${HIDDEN}', { value: Object.freeze({
    open: open, value: value, textIfAny: textIfAny, declare: declare, assign: assign, script: script,
    close: function (id) { nodes.delete(id); },
    isDefined: function (id, name) { return nodes.get(id).vars[name] !== undefined; },
    isOf: function (id, name, owner) { return find(nodes.get(id), name) === nodes.get(owner); },
    test: function (id, code) { return !!value(id, code); },
    set: function (id, name, it) { nodes.get(id).vars[name] = it; },
    setAll: function (id, all) { Object.assign(nodes.get(id).vars, all); },
    store: function (id, name, it) { nodes.get(id).vars[name] = it; },
    list: list, drop: function (key) { lists.delete(key); },
    item: function (key, index, id, name) {
      var at = find(nodes.get(id), name) || nodes.get(id);
      at.vars[name] = lists.get(key)[index];
    },
    hold: function (key, id, names) { lists.set(key, pick(id, names)); },
    holdValue: function (key, id, code) { lists.set(key, value(id, code)); },
    setHeld: function (id, name, key) {
      nodes.get(id).vars[name] = lists.get(key);
      lists.delete(key);
    },
    flat: function (id, code) { return flat(value(id, code)); },
    lastResult: lastResult, dom: domDocument, interpretation: interpretation,
    readOnly: function (id) { var node = nodes.get(id); node.isReadOnly = true; freeze(node.vars); },
  }) });
})(globalThis);`;
