import assert from 'node:assert/strict';
import { checkTimes } from '../../src/config/check-times.js';
import { TemporaryFolder } from './temporary-config.js';

describe('contradictions about time', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  async function found(service: string, office = 'Mon-Fri 08:00-18:00', capacity = '') {
    const config = await folder.load(`
officeHours: { berlin: { timezone: Europe/Berlin, weekly: [${office}] } }
capacities: { few: { timezone: Europe/Berlin, weekly: [${capacity}] } }
services:
  sales:
    _default_country: DE
${service.replace(/^/gm, '    ')}
`);
    return checkTimes(config).map(({ path, message }) => `${path}: ${message}`);
  }

  const OFFICE = '_business_hours_service: berlin';

  it('are not found where there are none', async () => {
    const good = `${OFFICE}\nwhenClosed: schedule\ncallingWindow: [Mon-Sat 09:00-20:00]\n_capacity_service: few\nretry: { busy: { delayMs: 1000, maxAttempts: 2 } }`;
    assert.deepEqual(await found(good, undefined, 'Mon 10:00-11:00 1'), []);
    assert.deepEqual(await found(''), []);
  });

  for (const [service, expected, office, capacity] of [
    ['', /^officeHours\.berlin: These hours are never open\.$/, ''],
    [
      `${OFFICE}\ncallingWindow: [Mon-Fri 19:00-21:00]`,
      /callingWindow: Nothing is ever dialled: the window never opens in Europe\/Berlin while the office is open\./,
    ],
    [
      `${OFFICE}\ncallingWindow: [Mon-Fri 09:00-10:00]\ncustomerTimezone: Pacific/Honolulu`,
      /callingWindow: .*in Pacific\/Honolulu while/,
      'Mon-Fri 08:00-12:00',
    ],
    ['whenClosed: schedule', /whenClosed: Not used/],
    ['customerTimezone: Asia/Tokyo', /customerTimezone: Not used/],
    [
      `${OFFICE}\n_capacity_service: few`,
      /_capacity_service: Nothing can be booked: no slot has room while the office is open\./,
      undefined,
      'Sat 10:00-11:00 5',
    ],
    ['_capacity_service: few', /_capacity_service: Nothing can be booked: no slot has room\./],
    [
      '_capacity_service: few\n_max_request_by_time_bucket: 3',
      /_max_request_by_time_bucket: Not used/,
      undefined,
      'Sat 10:00-11:00 5',
    ],
    ['_request_execution_time_buffer: 600', /_request_execution_time_buffer: Longer than/],
    ['_cannot_dial_buffer_time: 60', /_cannot_dial_buffer_time: Not used/],
    [
      '_wait_for_agent: true\n_urs_queued_ttl: 60\n_cannot_dial_buffer_time: 60',
      /_cannot_dial_buffer_time: Nobody is ever dialled/,
    ],
    ['retry: { busy: { maxAttempts: 3 } }', /retry: `busy\.maxAttempts` is never reached/],
    ['_ttl: 60\nretry: { sit: { delayMs: 60000 } }', /retry: No attempt after `sit\.delayMs`/],
  ] as const) {
    it(`are found: ${service.replaceAll('\n', ', ') || 'empty hours'}`, async () => {
      const [first = '', ...more] = await found(service, office, capacity);
      assert.match(first, expected);
      assert.deepEqual(more, []);
    });
  }
});
