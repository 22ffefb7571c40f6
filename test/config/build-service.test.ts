import assert from 'node:assert/strict';
import { blockOfRaw, buildService } from '../../src/config/build-service.js';
import { SERVICE_OPTIONS } from '../../src/config/schema.js';
import type { OptionSpec } from '../../src/config/schema-types.js';
import { routeTarget } from '../../src/handoff/route-point.js';
import { TemporaryFolder } from './temporary-config.js';

describe('a service', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  it('has the defaults of the page and of this product', async () => {
    const { options, ...service } = await folder.service('');
    assert.deepEqual(options, {
      name: 'sales',
      customerConnectTreatment: undefined,
      waitingForAgentTreatment: { file: 'waiting.wav', afterBeep: false, interruptible: false },
      findAgentFailTreatment: {
        file: 'find-agent-fail.wav',
        afterBeep: false,
        interruptible: false,
      },
      answeringMachineTreatment: { file: 'machine.wav', afterBeep: false, interruptible: false },
      pluginOnDialUrl: undefined,
      pluginInvokeOnCallFailed: true,
      pluginTimeoutMs: 120_000,
      pluginAssociateIxn: true,
      onPluginError: 'fail',
      pluginTimeoutTreatment: undefined,
      pluginComfort: undefined,
      vxmlUrl: undefined,
      onVxmlError: 'builtin',
      isCpdEnabled: true,
      amDetected: 'connect',
      silenceAs: 'human',
      unknownAs: 'human',
      sitPermanent: 'fail',
      machineMessage: 'every',
      completeAfterMessage: false,
      maxDialAttempts: 3,
      dialRetryMs: 300_000,
      prefixDialOut: '',
      ringTimeoutMs: 30_000,
      queue: undefined,
      agentWaitMaxMs: 3_600_000,
      maxTransferToAgentAttempts: 5,
      agentRetryMs: 5000,
      cpnDigits: undefined,
      conversationMaxMs: 4 * 3_600_000,
      waitsForAgent: false,
      aheadWaitMaxMs: 14_400_000,
      ttlMs: 86_400_000,
      humanSilenceMaxMs: 5000,
      greetingWaitMaxMs: 45_000,
      beepWaitMaxMs: 10_000,
      retryRules: {},
      cannotDialBufferMs: 0,
      isTimeLimited: false,
    });
    assert.equal(service.cpdProfile, 'human-first');
    assert.equal(service.country, 'US');
    assert.equal(service.postConnectTimeoutMs, 15_000);
    assert.equal(service.pluginRunner, 'embedded');
    assert.equal(service.request.rejectFutureMs, 30 * 24 * 3600 * 1000);
  });

  it('takes each option from itself, then from the defaults, then from the product', async () => {
    const defaults = '_max_dial_attempts: 7\n_dial_retry_timeout: 60\n_ttl: 100';
    const { options } = await folder.service(
      '_max_dial_attempts: 2\n_ttl: ""\n_dial_retry_timeout:',
      defaults,
    );
    assert.equal(options.maxDialAttempts, 2);
    assert.equal(options.ttlMs, 100_000, 'an empty text counts as absent');
    assert.equal(options.dialRetryMs, 60_000, 'and so does nothing at all');
    assert.equal(options.ringTimeoutMs, 30_000);
  });

  it('brings numbers of its own for the profiles, each service its whole block', async () => {
    const numbers =
      'cpdTiming: { machineSpeechMs: 4000 }\nappAmd: { greetingMs: 1200, maximumNumberOfWords: 4 }';
    const service = await folder.service(numbers, 'appAmd: { initialSilenceMs: 9000 }');
    const cpdRules = {
      timing: { machineSpeechMs: 4000 },
      appAmd: { greetingMs: 1200, maximumNumberOfWords: 4 },
      gvp: {},
    };
    assert.deepEqual(service.cpdRules, cpdRules);
    const again = buildService('again', [undefined, blockOfRaw(service.raw)]);
    assert.deepEqual(again.cpdRules, cpdRules, 'under the options of a request, too');
    const { cpdRules: ofDefaults } = await folder.service('_ttl: 9', 'gvp: { voicePauseMs: 900 }');
    assert.deepEqual(ofDefaults, { timing: {}, appAmd: {}, gvp: { voicePauseMs: 900 } });
  });

  it('watches for missing media only when asked to', async () => {
    assert.equal((await folder.service('_ttl: 60')).mediaSilenceMaxMs, undefined);
    const { mediaSilenceMaxMs } = await folder.service('mediaSilenceMaxMs: 60000');
    assert.equal(mediaSilenceMaxMs, 60_000);
  });

  it('keeps what the file says, in the units of the file', async () => {
    const { raw } = await folder.service(
      '_ttl: 60\n_treatment_customer_connect: {}',
      'amDetected: drop\n_ttl: 9',
    );
    assert.deepEqual(
      { ...raw },
      { _ttl: 60, _treatment_customer_connect: false, amDetected: 'drop' },
    );
  });

  it('reads numbers and booleans that stand in quotes, as Genesys stores them', async () => {
    const { options } = await folder.service('_max_dial_attempts: "4"\n_cpd_enable: "False"');
    assert.equal(options.maxDialAttempts, 4);
    assert.equal(options.isCpdEnabled, false);
  });

  it('keeps digits as they are written: plus sign and leading zeros', async () => {
    const service = await folder.service('_prefix_dial_out: 091\ncallerId: +12025550100');
    assert.equal(service.options.prefixDialOut, '091');
    assert.equal(service.callerId, '+12025550100');
  });

  it('knows the options by Genesys’ names and by the page’s misprints', async () => {
    const service = await folder.service(
      '_calling_party_number: "5551234"\n_on_customer_connect treatment_url: http://a.example/x.vxml\n' +
        '_plugin_on_dial_invoke_on_called_failed: false',
    );
    assert.equal(service.callerId, '5551234');
    assert.equal(service.options.vxmlUrl, 'http://a.example/x.vxml');
    assert.equal(service.options.pluginInvokeOnCallFailed, false);
  });

  it('takes lists as lists and as text with commas', async () => {
    const one = await folder.service('allowedCountries: US, CA ,GB');
    const other = await folder.service('allowedCountries: [US, CA, GB]');
    assert.deepEqual(one.limits.allowedCountries, ['US', 'CA', 'GB']);
    assert.deepEqual(other.limits.allowedCountries, one.limits.allowedCountries);
  });

  it('finds the number shown to the agent in the hints, as YAML or as JSON text', async () => {
    const yaml = await folder.service(
      '_ixn_redirect_hints: { extensions: { CPNDigits: "5557777" } }',
    );
    const json = await folder.service(
      `_ixn_redirect_hints: '{"extensions": {"CPNDigits": 5557777}}'`,
    );
    assert.equal(yaml.options.cpnDigits, '5557777');
    assert.equal(json.options.cpnDigits, '5557777');
  });

  describe('treatments', () => {
    const machine = async (value: string) =>
      (await folder.service(`_treatment_call_failure_answering_machine: ${value}`)).options
        .answeringMachineTreatment;
    const file = { file: 'm.wav', afterBeep: false, interruptible: false };

    for (const [value, expected, why] of [
      ['', { ...file, file: 'machine.wav' }, 'nothing is the packaged default'],
      ['""', { ...file, file: 'machine.wav' }, 'so is the empty text'],
      ['{}', undefined, 'an empty object is off'],
      ['"{ }"', undefined, 'also as Genesys’ JSON text'],
      ['false', undefined, 'false is off'],
      ['m.wav', file, 'a name'],
      ['/srv/m.wav', { ...file, file: '/srv/m.wav' }, 'a path'],
      ['https://m.example/m.wav', { ...file, file: 'https://m.example/m.wav' }, 'a URL'],
      ['{ file: m.wav }', file, 'an object'],
      [
        '{ file: m.wav, hints: { am-beep-detection: "on" } }',
        { ...file, afterBeep: true },
        'the hint',
      ],
      ['{ file: m.wav, hints: { am-beep-detection: off } }', file, 'the hint, off'],
      [
        `'{"file":"m.wav","hints":{"am-beep-detection":"on"}}'`,
        { ...file, afterBeep: true },
        'JSON text',
      ],
      ['{ file: m.wav, interruptible: true }', { ...file, interruptible: true }, 'interruptible'],
    ] as const) {
      it(`${why}: ${value || 'nothing'}`, async () =>
        assert.deepEqual(await machine(value), expected));
    }

    it('cannot be switched back on by a default once they are off', async () => {
      const { options } = await folder.service(
        '_treatment_waiting_for_agent: false',
        '_treatment_waiting_for_agent: w.wav',
      );
      assert.equal(options.waitingForAgentTreatment, undefined);
    });

    for (const name of [
      '../x.wav',
      'a!b.wav',
      'a|b.wav',
      '"${x}.wav"',
      'tone_stream://%(1,1,1)',
      '"a\\nb.wav"',
    ]) {
      it(`are no way to say more than a file to FreeSWITCH: ${name}`, async () => {
        await assert.rejects(machine(name), /CONFIG_BAD_FORMAT/);
      });
    }

    it('name hints that do nothing in a warning', async () => {
      const problems = await folder.problems(
        'services: { a: { _treatment_customer_connect: { file: a.wav, hints: { volume: 3 } } } }',
      );
      assert.deepEqual(
        problems.map(({ code, severity }) => [code, severity]),
        [['CONFIG_NOT_IMPLEMENTED', 'warning']],
      );
    });
  });

  it('reads which files speak which number, and which header carries what', async () => {
    const { handoff } = await folder.service(
      'numberFragments: [1=one.wav, 21=n/20.wav+n/1.wav]\nattachedHeaders: [RouterData70=X-Age]',
    );
    assert.deepEqual(handoff.numbers, { 1: ['one.wav'], 21: ['n/20.wav', 'n/1.wav'] });
    assert.deepEqual(handoff.attached.headers, { RouterData70: 'X-Age' });
  });

  /** A value that is not the default, in YAML. */
  function otherValue({ type, default: usual, key }: OptionSpec): string | undefined {
    switch (type.kind) {
      case 'targets':
        return '[{ target: other, timeout: 7, clear: true }]';
      case 'boolean':
        return String(usual !== true);
      case 'integer':
        return String(usual === type.max ? type.max - 1 : type.max);
      case 'choice':
        return type.values.find((value) => value !== usual);
      case 'url':
        return 'https://a.example/x';
      case 'country':
        return 'DE';
      case 'timezone':
        return 'Asia/Tokyo';
      case 'treatment':
        return 'other.wav';
      case 'json':
        return '{ extensions: { CPNDigits: "1" } }';
      case 'list':
        if (type.of.kind === 'choice') return `[${type.of.values[0] ?? ''}]`;
        if (key === 'attachedHeaders') return '[RouterData70=X-Age]';
        if (key === 'allowedPrefixes') return '["91"]';
        if (key === 'numberFragments') return '[1=one.wav]';
        if (key === 'callingWindow') return '[Mon 08:00-09:00]';
        return type.of.kind === 'country' ? '[DE]' : '[other]';
      case 'text':
        return TEXTS[key] ?? 'other';
      case 'block':
        return type.options.slice(0, 1).map((first) => `{ ${first.key}: ${otherValue(first)} }`)[0];
      case 'map':
        return undefined;
    }
  }

  /** Texts that have to look like something. */
  const TEXTS: Readonly<Record<string, string>> = {
    _reject_future_desired_time: '2h',
    _prefix_dial_out: '9',
    _queue_poll_period: '-60,60',
    _queue_poll_period_recovery: '-720,-60',
    _eta_pos_threshold: '5:3',
    agentAcceptDigit: '"1"',
    recordCalls: '/var/calls/a.wav',
  };

  /** These are accepted for what they say already. */
  const MODE = new Set([
    '_call_direction',
    '_media_type',
    '_status_notification_type',
    '_userterminated_first_connect_party',
    '_wait_for_agent',
  ]);

  for (const spec of SERVICE_OPTIONS.filter(({ key }) => !MODE.has(key))) {
    it(`does something with ${spec.key}`, async () => {
      const { raw: _before, ...usual } = await folder.service('');
      const { raw, ...changed } = await folder.service(`${spec.key}: ${otherValue(spec)}`);
      assert.deepEqual(Object.keys(raw), [spec.key]);
      assert.notDeepEqual(changed, usual);
    });
  }

  it('may route to a PBX on a port of its own, where that is allowed', async () => {
    const { allowedDestinations, handoff } = await folder.service(
      'routeNumbersTo: pbx.example.net:5080\nallowedDestinations: ["pbx.example.net:5080"]',
    );
    const { numbersTo, transfer } = handoff;
    const known = { routePoints: {}, allowedDestinations, numbersTo, transfer };
    const uri = 'sip:7001@pbx.example.net:5080';
    assert.deepEqual(routeTarget('7001', known), { kind: 'uri', uri, transfer: 'bridge' });
  });
});
