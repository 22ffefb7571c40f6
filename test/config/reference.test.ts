import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { makeJsonSchema } from '../../src/config/json-schema.js';
import { PROBLEM_CODES } from '../../src/config/problem.js';
import { makeReference } from '../../src/config/reference.js';
import { CONFIG_OPTIONS, SERVICE_OPTIONS } from '../../src/config/schema.js';

const config = new URL('../../config/', import.meta.url);
const read = (place: URL) => readFileSync(place, 'utf8');
const stale = 'is stale: run node --import tsx scripts/make-reference.mjs';

describe('the generated reference', () => {
  it('is what the schema says now', () => {
    assert(
      read(new URL('REFERENCE.md', config)) === makeReference(),
      `config/REFERENCE.md ${stale}`,
    );
  });

  it('holds every option and every code', () => {
    const text = makeReference();
    for (const { key } of SERVICE_OPTIONS) assert(text.includes(`| \`${key}\``), key);
    for (const { key } of CONFIG_OPTIONS) assert(text.includes(`\`${key}\``), key);
    for (const code of Object.keys(PROBLEM_CODES)) assert(text.includes(`| \`${code}\` |`), code);
  });
});

describe('the JSON Schema', () => {
  const validate = new Ajv({ allowUnionTypes: true, strict: false }).compile(makeJsonSchema());

  it('is what the schema says now', () => {
    const written: unknown = JSON.parse(read(new URL('dialback.schema.json', config)));
    assert.deepEqual(
      written,
      JSON.parse(JSON.stringify(makeJsonSchema())),
      `config/dialback.schema.json ${stale}`,
    );
  });

  const good = [
    new URL('dialback.yaml', config),
    ...readdirSync(new URL('examples/', config))
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => new URL(`examples/${name}`, config)),
  ];
  for (const file of good) {
    it(`accepts ${file.pathname.split('/').at(-1)}`, () => {
      assert(validate(parse(read(file))), JSON.stringify(validate.errors));
    });
  }

  const SEEN =
    /^# code: CONFIG_(UNKNOWN_OPTION|WRONG_TYPE|OUT_OF_RANGE|NOT_ALLOWED|NOT_SUPPORTED)$/m;
  const bad = readdirSync(new URL('.', import.meta.url))
    .filter((name) => name.endsWith('.bad.yaml'))
    .map((name) => ({ name, text: read(new URL(name, import.meta.url)) }))
    .filter(({ name, text }) => SEEN.test(text) && name !== 'country-code.bad.yaml');
  assert(bad.length >= 10);
  for (const { name, text } of bad) {
    it(`marks ${name}`, () => assert.equal(validate(parse(text)), false));
  }
});
