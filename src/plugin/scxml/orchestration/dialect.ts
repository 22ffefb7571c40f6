/**
 * The dialect of Genesys' Orchestration Server and its Composer, which follows an older draft than
 * SCXML 1.0, as a layer: older spellings are rewritten, included pages drawn in, extension elements
 * handed to the host as requests, and the data model gets what such pages expect. The core beneath
 * knows none of it. An element of these namespaces that is not listed here refuses the page.
 */
import type { Dialect } from '../extension.js';
import { attributeOf, elementsOf, type XmlElement } from '../document/xml.js';
import { cautions } from './cautions.js';
import { orchestrationElements, NAMESPACE } from './elements.js';
import { GENESYS_PRELUDE, genesysFunctions } from './genesys-model.js';
import { functions, PRELUDE } from './globals.js';
import { includePages } from './include.js';
import { rewriteSpellings } from './rewrite.js';

export const ORCHESTRATION: Dialect = {
  claims: (root) =>
    attributeOf(root, 'profile') !== undefined ||
    attributeOf(root, '_persist') !== undefined ||
    usesExtensions(root),
  prepare: async (root, context) => rewriteSpellings(await includePages(root, context)),
  elements: orchestrationElements(),
  functions: { ...functions, ...genesysFunctions },
  prelude: PRELUDE + GENESYS_PRELUDE,
  learn: '__learn',
  dataLocation: (id) => `_data[${JSON.stringify(id)}]`,
  declare: (ids) => `__declare(${JSON.stringify(ids)});`,
  takeParameters: '__take',
  cautions,
};

function usesExtensions(element: XmlElement): boolean {
  return NAMESPACE.test(element.uri) || elementsOf(element).some(usesExtensions);
}
