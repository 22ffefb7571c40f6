/**
 * Library functions of QuickJS that loop in C without asking whether time is up: over the length of an
 * array whatever it holds (`a[1234567890] = 1; a.indexOf(2)`; `new Set(a)`), and over one string looking for another.
 * A page that calls one would hold up its thread, and every session there, for hours. Here they are
 * bounded by what they would have to do; what a page can hold in its memory stays far below that.
 */

/** No list that long fits into the memory of a data model: 8 bytes an element. */
const ELEMENTS_MAX = 2_000_000;
/** Comparisons of characters: about a second at the worst. */
const COMPARISONS_MAX = 1_000_000_000;

const ARRAY_METHODS =
  'concat copyWithin every fill filter flat flatMap forEach includes indexOf join lastIndexOf map reduce reduceRight ' +
  'reverse shift slice some sort splice toLocaleString toReversed toSorted toSpliced unshift with';
const STRING_METHODS = 'includes indexOf lastIndexOf replace replaceAll split';

/** A line's end, the next one's indent, and a comment there. */
const INDENTS = /\n\s+(\/\/.*\n\s+)?/g;

/** Compiled when the first of these functions is called: reading it takes longer than all the rest. */
const GUARD = `(function (apply, isArray, define, text, proxies, has, describe, parentOf, map) {
  function isObject(one) { return typeof one === 'object' && one !== null || typeof one === 'function'; }
  // A length that is code may be another one when it is read again.
  function check(list) {
    for (var one = list; isObject(one); one = parentOf(one)) {
      var length = apply(has, proxies, [one]) ? { get: true } : describe(one, 'length');
      if (!length) continue;
      if (length.get || length.set || isObject(length.value))
        throw new TypeError('a list whose length is computed');
      if (length.value > ${ELEMENTS_MAX}) throw new RangeError('a list longer than ${ELEMENTS_MAX}');
      return;
    }
  }
  function flatten(list, depth, into) {
    check(list);
    for (var i = 0; i < list.length; i++) {
      if (!(i in list)) continue;
      if (depth >= 1 && isArray(list[i])) flatten(list[i], depth - 1, into);
      else define(into, into.length, { value: list[i], writable: true, enumerable: true, configurable: true });
    }
    return into;
  }
  return {
    list: function (native, name, list, args) {
      check(list);
      if (name === 'flat') return flatten(list, args[0] === undefined ? 1 : +args[0], []);
      if (name === 'flatMap') return flatten(apply(map, list, args), 1, []);
      if (name === 'concat') for (var i = 0; i < args.length; i++) check(args[i]);
      return apply(native, list, args);
    },
    raw: function (native, name, self, args) {
      var raw = args[0].raw;
      check(raw);
      args[0] = { raw: raw };
      return apply(native, self, args);
    },
    text: function (native, name, self, args) {
      var what = args[0], symbol = name === 'split' ? Symbol.split : name[0] === 'r' && Symbol.replace;
      if (self == null || what === undefined) return apply(native, self, args);
      if (isObject(what) && name !== 'indexOf' && name !== 'lastIndexOf') {
        var isPattern = what[Symbol.match] && (name === 'includes' || name === 'replaceAll' && !what.global);
        if (isPattern) throw new TypeError('no such pattern for ' + name);
        var own = symbol && what[symbol];
        if (own) return apply(own, what, [self, args[1]]);
      }
      var where = text(self), wanted = text(what);
      if (where.length * wanted.length > ${COMPARISONS_MAX}) throw new RangeError('a text too long to look for');
      return apply(native, where, args.length > 1 ? [wanted, args[1]] : [wanted]);
    },
  };
})`.replace(INDENTS, ' ');

/**
 * A statement, for the prelude: changes Array, String and Proxy of the global object. Every data model
 * reads it anew, so it is short. Lists that are proxies, or whose length is computed, are refused.
 */
export const BOUND_NATIVE_LOOPS = `(function (apply, isArray, define, NativeProxy, evaluate, text) {
  var proxies = new WeakSet, add = proxies.add, has = proxies.has, revocable = NativeProxy.revocable;
  var describe = Object.getOwnPropertyDescriptor, parentOf = Object.getPrototypeOf, map = [].map, guard;
  function set(owner, name, value) { define(owner, name, { value, writable: true, configurable: true }); }
  function bound(owner, names, kind) {
    for (var name of names) bind(owner, name, owner[name], kind);
  }
  function bind(owner, name, native, kind) {
    if (native) set(owner, name, function () {
      guard ||= evaluate(${JSON.stringify(GUARD)})(apply, isArray, define, text, proxies, has, describe, parentOf, map);
      return guard[kind](native, name, this, arguments);
    });
  }
  bound([].__proto__, ${JSON.stringify(ARRAY_METHODS.split(' '))}, 'list');
  bind(String, 'raw', String.raw, 'raw');
  // Iterators are also used up inside the library; that of lists asks whether time is up each time by this.
  var items = parentOf([].values()), following = items.next, nothing = [];
  set(items, 'next', function () { return apply(following, this, nothing); });
  bound(''.__proto__, ${JSON.stringify(STRING_METHODS.split(' '))}, 'text');
  function note(proxy) { apply(add, proxies, [proxy]); return proxy; }
  function Proxy(target, handler) {
    if (new.target) return note(new NativeProxy(target, handler));
    throw new TypeError('Proxy is a constructor');
  }
  Proxy.revocable = function (target, handler) {
    var made = apply(revocable, NativeProxy, [target, handler]);
    note(made.proxy);
    return made;
  };
  set(globalThis, 'Proxy', Proxy);
})(Reflect.apply, Array.isArray, Object.defineProperty, Proxy, eval, String);`.replace(
  INDENTS,
  ' ',
);
