import assert from 'node:assert/strict';
import { ApiBed, assertGenesysProblem, type Body } from './api-bed.js';

const PATH = '/genesys/1/phonenumber';

describe('GMS’ check of a telephone number', () => {
  let bed: ApiBed;

  before(async () => {
    bed = await ApiBed.open('services: {}');
  });
  after(() => bed.close());

  const check = async (query: string): Promise<Body> => {
    const answer = await bed.get(`${PATH}?${query}`);
    assert.equal(answer.statusCode, 200, answer.body);
    return answer.json<Body>();
  };

  // Numbers and expected values: answers of GMS 8.5.11x, less carrier and place.
  it('describes a national number as of its country', async () => {
    const body = await check('number=0604120405&country=FR&geocodingLocale=DE');
    assert.deepEqual(body, {
      'number-specified': '0604120405',
      'country-default': 'FR',
      'language-specified': 'de',
      'country-code': 33,
      'country-code-source': 'FROM_DEFAULT_COUNTRY',
      'region-code': 'FR',
      'number-E164': '+33604120405',
      'number-international': '+33 6 04 12 04 05',
      'number-national': '06 04 12 04 05',
      'number-national-short': '604120405',
      'number-original': '06 04 12 04 05',
      'number-type': 'MOBILE',
      extension: '',
      'is-possible-number': true,
      'is-valid-number': true,
      'is-valid-number-for-region': true,
      'is-premium': false,
      'italian-leading-zero': false,
      location: 'Frankreich',
      'time-zone': 'Europe/Paris',
      carrier: '',
    });
  });

  it('reads a number with `+`, escaped or not, in any country', async () => {
    for (const number of ['%2B4989125016040', '+4989125016040']) {
      const body = await check(`number=${number}&country=DE`);
      assert.equal(body['number-E164'], '+4989125016040');
      assert.equal(body['number-original'], '+49 89 125016040');
      assert.equal(body['country-code-source'], 'FROM_NUMBER_WITH_PLUS_SIGN');
      assert.equal(body['number-type'], 'FIXED_LINE');
    }
    const abroad = await check('number=%2B4989125016040&country=us');
    assert.deepEqual([abroad['region-code'], abroad['country-default']], ['DE', 'US']);
    assert.equal(abroad['is-valid-number-for-region'], false);
  });

  it('leaves away a prefix that was not written', async () => {
    const body = await check('number=509113790&country=UA');
    assert.equal(body['number-original'], '50 911 3790');
    assert.equal(body['number-national'], '050 911 3790');
  });

  it('knows premium numbers, extensions, Italy’s zeros, and other ways to dial abroad', async () => {
    const premium = await check('number=%2B19005551234');
    assert.deepEqual([premium['is-premium'], premium['number-type']], [true, 'PREMIUM_RATE']);
    assert.equal((await check('number=6502530000%20ext.%2012'))['extension'], '12');
    const rome = await check('number=%2B390612345678');
    assert.equal(rome['italian-leading-zero'], true);
    const abroad = await check('number=011442079460123');
    assert.equal(abroad['country-code-source'], 'FROM_NUMBER_WITH_IDD');
  });

  it('answers 400 in GMS’ words for what is no number', async () => {
    const answer = await bed.get(`${PATH}?number=bad&country=DE&geocodingLocale=de`);
    assertGenesysProblem(answer, 400, 'CBD_REQUEST_NUMBER_UNPARSABLE', {
      ...{ field: 'number', value: 'bad', rule: 'a telephone number' },
    });
    const { exception, message } = answer.json<Body>();
    assert.equal(exception, 'com.genesyslab.gsg.GSGException');
    assert.equal(message, 'Invalid Phone Number bad for Country DE (parsing impossible)');
  });

  it('names a country or language that is none, and a number that is missing', async () => {
    const bad: [string, string][] = [
      ['number=1&country=XX', 'country'],
      ['number=1&country=Germany', 'country'],
      ['number=1&geocodingLocale=en-a', 'geocodingLocale'],
      ['number=1&geocodingLocale=en-abcde-abcde', 'geocodingLocale'],
      ['', 'number'],
      [`number=${'1'.repeat(61)}`, 'number'],
    ];
    for (const [query, field] of bad) {
      const answer = await bed.get(`${PATH}?${query}`);
      assert.equal(answer.statusCode, 400, query);
      assert.equal(answer.json<Body>()['field'], field, query);
    }
  });
});
