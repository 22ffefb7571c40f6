/**
 * Writes config/REFERENCE.md and config/dialback.schema.json from the schema in src/config.
 * Run: node --import tsx scripts/make-reference.mjs
 */
import { writeFile } from 'node:fs/promises';
import { makeJsonSchema } from '../src/config/json-schema.ts';
import { makeReference } from '../src/config/reference.ts';

const place = (name) => new URL(`../config/${name}`, import.meta.url);

await writeFile(place('REFERENCE.md'), makeReference());
await writeFile(place('dialback.schema.json'), `${JSON.stringify(makeJsonSchema(), null, 2)}\n`);
console.log('config/REFERENCE.md and config/dialback.schema.json are written');
