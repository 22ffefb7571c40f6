import assert from 'node:assert/strict';
import { overrideService } from '../../src/config/override-service.js';
import type { ServiceConfig } from '../../src/config/load-config.js';
import { TemporaryFolder } from './temporary-config.js';

describe('options of a request', () => {
  const folder = new TemporaryFolder();
  let service: ServiceConfig;
  before(async () => {
    service = await folder.service(
      '_overwritable_options: _max_dial_attempts, _calling_party_number, _treatment_customer_connect, _plugin_on_dial_url\n' +
        '_dial_retry_timeout: 60',
      '_max_dial_attempts: 7\nringTimeoutMs: 20000\n_treatment_waiting_for_agent: false\n' +
        '_treatment_call_failure_answering_machine: { file: m.wav, hints: { am-beep-detection: "on" } }\n' +
        '_ixn_redirect_hints: { extensions: { CPNDigits: "1" } }\nallowedCountries: [US, CA]',
    );
  });
  after(() => folder.remove());

  it('go before those of the service, which stays as it is', () => {
    const result = overrideService(service, { _max_dial_attempts: 2, callerId: '5551234' });
    assert(result.kind === 'ok');
    assert.equal(result.service.options.maxDialAttempts, 2);
    assert.equal(result.service.callerId, '5551234', 'under any of its names');
    assert.equal(result.service.options.dialRetryMs, 60_000);
    assert.equal(result.service.options.ringTimeoutMs, 20_000);
    assert.equal(service.options.maxDialAttempts, 7);
    assert(Object.isFrozen(result.service.options));
    const { options, ...rest } = service;
    assert.deepEqual(result.service, {
      ...rest,
      callerId: '5551234',
      options: { ...options, maxDialAttempts: 2 },
      raw: Object.assign(Object.create(null), rest.raw, {
        _max_dial_attempts: 2,
        callerId: '5551234',
      }) as object,
    });
  });

  it('are the service’s own when there are none', () => {
    const result = overrideService(service, {});
    assert(result.kind === 'ok' && result.service === service);
  });

  for (const [why, overrides, path] of [
    ['one that is not released', { _ttl: 5 }, '_ttl'],
    ['one that does not exist', { nonsense: 1 }, 'nonsense'],
    ['a wrong value', { _max_dial_attempts: 0 }, '_max_dial_attempts'],
    ['a structure where a number belongs', { _max_dial_attempts: [[[]]] }, '_max_dial_attempts'],
    ['a secret of the environment', { _calling_party_number: '${env:HOME}' }, 'callerId'],
    [
      'a file outside the media folder',
      { _treatment_customer_connect: '/etc/passwd' },
      '_treatment_customer_connect',
    ],
    [
      'a way out of the media folder',
      { _treatment_customer_connect: '../x.wav' },
      '_treatment_customer_connect',
    ],
    ['more than fits', { _plugin_on_dial_url: `http://a.example/${'x'.repeat(20_000)}` }, ''],
  ] as const) {
    it(`refuse ${why}`, () => {
      const result = overrideService(service, overrides);
      assert(result.kind === 'refused');
      assert.deepEqual(
        result.problems.map((problem) => problem.path),
        [path],
      );
    });
  }
});
