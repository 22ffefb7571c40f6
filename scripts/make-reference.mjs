/**
 * Writes config/REFERENCE.md and config/dialback.schema.json from the schema in src/config, and
 * docs/figure.svg from the decision table in src/callflow.
 * Run: node --import tsx scripts/make-reference.mjs
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { figureSvg } from '../src/callflow/figure-svg.ts';
import { makeJsonSchema } from '../src/config/json-schema.ts';
import { makeReference } from '../src/config/reference.ts';

const place = (name) => new URL(`../config/${name}`, import.meta.url);

await writeFile(place('REFERENCE.md'), makeReference());
await writeFile(place('dialback.schema.json'), `${JSON.stringify(makeJsonSchema(), null, 2)}\n`);
const docs = new URL('../docs/', import.meta.url);
await mkdir(docs, { recursive: true });
await writeFile(new URL('figure.svg', docs), figureSvg());
console.log('config/REFERENCE.md, config/dialback.schema.json and docs/figure.svg are written');
