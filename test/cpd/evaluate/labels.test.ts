import assert from 'node:assert/strict';
import { TONE_COUNTRIES } from '../../../src/cpd/country-tones.js';
import { countryCode } from '../../../src/cpd/evaluate/country-names.js';
import { parseLabels } from '../../../src/cpd/evaluate/labels.js';

const HEADER = 'file\tclass\tphase\texpect\tsource_group\tcountry\tanswer_ms\tbeep_ms\tbeep_hz';
const table = (...rows: string[]) => parseLabels([HEADER, ...rows].join('\n'));
const codes = (...rows: string[]) => table(...rows).problems.map(({ code, line }) => [code, line]);

describe('the table of labelled recordings', () => {
  it('reads its columns by name, whatever their order', () => {
    const { clips, problems } = parseLabels(
      'phase\tfile\tclass\tcountry\r\npost\ta/b.wav\thuman_short\tPoland\r\n\r\n',
    );
    assert.deepEqual(problems, []);
    assert.equal(clips.length, 1);
    const [clip] = clips;
    assert.equal(clip?.file, 'a/b.wav');
    assert.equal(clip?.expect, 'human');
    assert.equal(clip?.country, 'PL');
    assert.equal(clip?.answeredAtMs, 0);
    assert.equal(clip?.group, 'a/b.wav', 'a clip without a group stands alone');
  });

  it('knows when each phase was answered', () => {
    const { clips } = table(
      'a.wav\tbusy\tpre\tbusy\tg\tus\t\t\t',
      'b.wav\tringback_answer\tpre+post\tmachine\tg\tus\t8081\t9000\treal',
    );
    assert.deepEqual(
      clips.map(({ answeredAtMs, expect, beepMs }) => [answeredAtMs, expect, beepMs]),
      [
        [null, 'busy', null],
        [8081, 'machine', 9000],
      ],
    );
  });

  it('takes the country column of a special information tone for its kind', () => {
    const [clip] = table('a.wav\tsit\tpre\tsit\tg\tIC\t\t\t').clips;
    assert.equal(clip?.sitKind, 'IC');
    assert.equal(clip?.country, undefined);
  });

  it('says the line, the code and what is allowed', () => {
    assert.deepEqual(codes('a.wav\tbusy\tpre\tbusy\tg\tus\t\t\t', 'b.wav\tbusy\tlate\tbusy'), [
      ['CBD_LABELS_PHASE', 3],
    ]);
    assert.deepEqual(codes('a.wav\tparrot\tpost\t'), [['CBD_LABELS_CLASS', 2]]);
    assert.deepEqual(codes('a.wav\tbusy\tpre\tparrot'), [['CBD_LABELS_EXPECT', 2]]);
    assert.deepEqual(codes('\tbusy\tpre\tbusy'), [['CBD_LABELS_FILE', 2]]);
    assert.deepEqual(codes('a.wav\tbusy\tpost\tbusy\tg\tus\t\tsoon'), [['CBD_LABELS_NUMBER', 2]]);
    assert.deepEqual(codes('a.wav\tringback_answer\tpre+post\thuman\tg\tus\t'), [
      ['CBD_LABELS_NUMBER', 2],
    ]);
    assert.match(table('a.wav\tparrot\tpost\t').problems[0]!.message, /allowed.*human_short/);
  });

  it('refuses a table without the columns it needs, or without clips', () => {
    const [problem] = parseLabels('file\tclass\na\tb').problems;
    assert.equal(problem?.code, 'CBD_LABELS_COLUMN');
    assert.match(problem.message, /"phase"/);
    assert.equal(table().problems[0]?.code, 'CBD_LABELS_EMPTY');
    assert.equal(parseLabels('').problems[0]?.code, 'CBD_LABELS_COLUMN');
  });

  it("takes a class of the site's own when the table says what is expected", () => {
    const { clips, problems } = table(
      'a.wav\treal_voicemail\tpost\tmachine',
      'b.wav\tparrot\tpost\thuman',
    );
    assert.deepEqual(problems, []);
    assert.equal(clips[0]?.isRealVoicemail, true);
    assert.equal(clips[1]?.className, 'parrot');
  });

  it('warns of a country it does not know and judges without it', () => {
    const { clips, warnings } = table('a.wav\tbusy\tpre\tbusy\tg\tAtlantis');
    assert.equal(clips[0]?.country, undefined);
    assert.deepEqual(
      warnings.map(({ code, line }) => [code, line]),
      [['CBD_LABELS_COUNTRY', 2]],
    );
  });
});

describe('country names', () => {
  const regions = new Intl.DisplayNames(['en'], { type: 'region' });

  it('knows keys and names of tone tables, former ones too', () => {
    const names: Record<string, string> = {
      us: 'US',
      uk: 'GB',
      Poland: 'PL',
      'St. Kitts and Nevis': 'KN',
      'Guadeloupe (French Dep.)': 'GP',
      'Dominica (Commonwealth of)': 'DM',
      'Dominican Republic': 'DO',
      'Reunion (French Dep.)': 'RE',
      'Channel Islands: Jersey': 'JE',
      'Korea (Rep. of)': 'KR',
      'Lao P.D.R.': 'LA',
      'Sao Tome e Principe': 'ST',
      Yugoslavia: 'RS',
      Turkey: 'TR',
      'Antigua and Barbuda': 'AG',
      'Papua New Guinea': 'PG',
      Guinea: 'GN',
      'Trinidad and Tobago': 'TT',
    };
    for (const [name, code] of Object.entries(names)) assert.equal(countryCode(name), code, name);
    for (const name of ['', 'Atlantis', 'qq', '12']) assert.equal(countryCode(name), undefined);
  });

  it('knows every country of the tone table by its code and by its name, never a withdrawn code', () => {
    for (const code of TONE_COUNTRIES) {
      assert.equal(countryCode(code), code);
      const name = regions.of(code) ?? code;
      assert.equal(countryCode(name), code, name);
    }
    assert.equal(countryCode('France'), 'FR');
  });
});
