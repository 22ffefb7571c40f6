import assert from 'node:assert/strict';
import { overrideService } from '../../src/config/override-service.js';
import { openTimes } from '../../src/schedule/hours/open-times.js';
import { TemporaryFolder } from './temporary-config.js';

describe('hours in the configuration', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  it("reads Genesys' numbered options as ours", async () => {
    const config = await folder.load(`
officeHours:
  genesys:
    _timezone: Europe/Paris
    _bh_regular1: Mon-Fri 08:00-20:00
    _bh_regular2: Sat 09:00-12:00
    _bh_add1: 07-14 12:00-14:30
    _holiday1: 2026-07-15
  ours:
    timezone: Europe/Paris
    weekly: [Mon-Fri 08:00-20:00, Sat 09:00-12:00]
    opened: [07-14 12:00-14:30]
    holidays: [2026-07-15]
`);
    const { genesys, ours } = config.officeHours;
    assert.ok(genesys && ours);
    assert.deepEqual(genesys, ours);
    const times = openTimes(genesys);
    assert.equal(times.isOpen(Date.parse('2026-07-15T10:00Z')), false);
    assert.equal(times.isOpen(Date.parse('2026-07-18T08:00Z')), true);
  });

  it('takes both spellings in one place, and says where a numbered one is wrong', async () => {
    const config = await folder.load(
      'officeHours: { a: { timezone: UTC, _bh_regular7: Mon 08:00-09:00, weekly: [Tue 08:00-09:00] } }',
    );
    const weekly = config.officeHours['a']?.weekly ?? [];
    assert.deepEqual(
      weekly.map((spans) => spans.length),
      [1, 1, 0, 0, 0, 0, 0],
    );
    const problems = await folder.problems(
      'officeHours: { a: { timezone: UTC, _bh_regular3: Mo 08:00-09:00 } }',
    );
    assert.deepEqual(
      problems.map(({ code, path }) => [code, path]),
      [['CONFIG_BAD_FORMAT', 'officeHours.a._bh_regular3']],
    );
  });

  it('suggests the zone that was meant', async () => {
    const [problem] = await folder.problems('officeHours: { a: { timezone: Europe/Berln } }');
    assert.equal(problem?.suggestion, 'Europe/Berlin');
  });

  it('keeps the rules of single results through a request that overrides another option', async () => {
    const service = await folder.service(
      'retry: { busy: { delayMs: 1000, maxAttempts: 2 }, noAnswer: { maxAttempts: 3 } }\n_overwritable_options: _ttl',
    );
    const wanted = { busy: { delayMs: 1000, maxAttempts: 2 }, noAnswer: { maxAttempts: 3 } };
    assert.deepEqual(service.options.retryRules, wanted);
    const made = overrideService(service, { _ttl: '60' });
    assert.equal(made.kind, 'ok');
    if (made.kind === 'ok') assert.deepEqual(made.service.options.retryRules, wanted);
  });

  it('knows that a service is limited in time', async () => {
    const limited = async (options: string) =>
      (await folder.service(options)).options.isTimeLimited;
    assert.equal(await limited(''), false);
    assert.equal(await limited('_business_hours_service: other'), true);
    assert.equal(await limited('callingWindow: [Mon-Sat 08:00-21:00]'), true);
  });
});
