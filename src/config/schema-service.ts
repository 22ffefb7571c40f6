/**
 * Every option of a service, once. Names with an underscore, their units and meanings are Genesys'
 * (the page "Play Treatments" and the Callback Service Options Reference); the others are ours.
 */
import { AGENT, DIALLING, REQUEST } from './schema-calls.js';
import { APP_AMD, CPD_TIMING, GVP } from './schema-cpd-rules.js';
import { HANDOFF } from './schema-handoff.js';
import { LIMITS } from './schema-limits.js';
import { NOTIFICATION } from './schema-notification.js';
import { QUEUEING } from './schema-queueing.js';
import { TIME } from './schema-time.js';
import {
  AM_DETECTED,
  ANSWERED_AS,
  CPD_PROFILES,
  MACHINE_MESSAGE,
  ON_ERROR,
  PAGE,
  PLUGIN_RUNNERS,
  SIT_PERMANENT,
  bool,
  choice,
  genesys,
  httpUrl,
  milliseconds,
  ours,
  seconds,
  treatment,
} from './schema-terms.js';
import type { OptionGroup, OptionSpec } from './schema-types.js';

const TREATMENTS: OptionGroup = {
  title: 'Treatments',
  intro:
    'What the customer hears. A treatment is a file name under `media.directory`, an absolute path, an http(s) URL, or `{ file, hints, interruptible }`. Leaving it out, or empty, takes the packaged default; `{}` or `false` turns it off. The hint `am-beep-detection: "on"` makes a message wait for the machine’s beep; without it the message starts as soon as a machine is recognised. `interruptible: true` lets an agent who answers cut the file short.',
  options: [
    genesys(
      '_treatment_customer_connect',
      treatment,
      'Announcement to a human right after the answer. The search for an agent starts at the same time; the two are connected when the file has ended.',
      { source: PAGE, defaultSays: 'off' },
    ),
    genesys(
      '_treatment_waiting_for_agent',
      treatment,
      'Loops while the customer waits for an agent.',
      { source: PAGE, defaultSays: 'packaged `waiting.wav`' },
    ),
    genesys(
      '_treatment_find_agent_fail',
      treatment,
      'Played once when `_max_time_to_wait_for_agent_on_the_call` is over; then we hang up.',
      { source: PAGE, defaultSays: 'packaged `find-agent-fail.wav`' },
    ),
    genesys(
      '_treatment_call_failure_answering_machine',
      treatment,
      'Message left on an answering machine. Needs `amDetected: connect`.',
      { source: PAGE, defaultSays: 'packaged `machine.wav`, without a hint' },
    ),
    ours('pluginComfort', treatment, 'Played to a human while a plugin decides.', {
      defaultSays: 'off',
    }),
    ours(
      'pluginTimeoutTreatment',
      treatment,
      'Played to a human when a plugin or page has not answered in time, before the callback ends in error.',
      { defaultSays: 'off' },
    ),
    ours(
      'humanSilenceMaxMs',
      milliseconds(1000, 60_000),
      'Longest silence an answered human may hear; then a soft tone is played.',
      { default: 5000 },
    ),
  ],
};

const PLUGIN: OptionGroup = {
  title: 'Plugin and VoiceXML',
  intro:
    'Who decides instead of the treatments above. A plugin goes before a VoiceXML application, and that before the built-in treatments.',
  options: [
    genesys('_plugin_on_dial_url', httpUrl, 'SCXML page that is started after each dial attempt.', {
      source: PAGE,
      defaultSays: 'no plugin',
    }),
    genesys(
      '_plugin_on_dial_invoke_on_call_failed',
      bool,
      'Start the plugin also when no human answered: busy, no answer, machine, fax, tones, errors.',
      { source: PAGE, default: true, misprint: '_plugin_on_dial_invoke_on_called_failed' },
    ),
    genesys(
      '_plugin_on_dial_timeout',
      seconds(1, 86_400),
      'How long we wait for the reply of a plugin or page (its `_ttl`).',
      { source: PAGE, default: 120 },
    ),
    genesys(
      '_plugin_on_dial_associate_ixn',
      bool,
      'Give the plugin control of the call, not only its id.',
      { source: PAGE, default: true },
    ),
    ours(
      'pluginRunner',
      choice(PLUGIN_RUNNERS),
      '`embedded`: our own SCXML interpreter. `ors`: the server at `orchestration.url`. `webhook`: the URL is sent the parameters as JSON.',
      { default: 'embedded' },
    ),
    ours(
      'onPluginError',
      choice(ON_ERROR),
      'When the plugin cannot be started: `fail` ends with FAIL_ERROR, `builtin` goes on with the built-in treatments.',
      { default: 'fail' },
    ),
    ours(
      'autoDetach',
      bool,
      'Take the call back from a plugin that replies without having detached it.',
      { default: true },
    ),
    genesys(
      '_on_customer_connect_treatment_url',
      httpUrl,
      'VoiceXML application that is run when a human answers.',
      { source: PAGE, defaultSays: 'none', misprint: '_on_customer_connect treatment_url' },
    ),
    ours(
      'onVxmlError',
      choice(ON_ERROR),
      'When a page fails or exits without a usable `treatment_result`.',
      { default: 'builtin' },
    ),
  ],
};

const ANSWER: OptionGroup = {
  title: 'Who answered',
  intro: 'Call progress detection (CPD) and what its verdicts lead to.',
  options: [
    genesys(
      '_cpd_enable',
      bool,
      'Find out who answered. `false` takes every answer for a human, call state 0.',
      { default: true },
    ),
    ours(
      'cpdProfile',
      choice(CPD_PROFILES),
      'Which error is worse: losing a human (`human-first`) or taking a machine for one (`machine-first`). `app-amd` and `gvp` decide by the rules of Asterisk’s app_amd and of GVP.',
      { default: 'human-first' },
    ),
    CPD_TIMING,
    APP_AMD,
    GVP,
    genesys(
      '_call_timeguard_timeout',
      milliseconds(1000, 120_000),
      'Longest analysis of an answered call; then the verdict is unknown (28) or silence (32).',
      { default: 15_000 },
    ),
    ours(
      'amDetected',
      choice(AM_DETECTED),
      'SIP Server’s `am-detected`: `connect` keeps a machine’s call up, `drop` hangs it up.',
      { default: 'connect', source: `${PAGE} (SIP Server, TServer section)` },
    ),
    ours(
      'machineMessage',
      choice(MACHINE_MESSAGE),
      'On which attempts a message is left on a machine.',
      { default: 'every' },
    ),
    ours(
      'completeAfterMessage',
      bool,
      'End the callback once a message was left to its end, instead of trying again.',
      { default: false },
    ),
    ours(
      'greetingWaitMaxMs',
      milliseconds(1000, 300_000),
      'Longest wait for the end of a machine’s greeting; then the message is left anyway.',
      { default: 45_000 },
    ),
    ours(
      'beepWaitMaxMs',
      milliseconds(500, 60_000),
      'Longest wait for a beep once the greeting has ended.',
      { default: 10_000 },
    ),
    ours(
      'silenceAs',
      choice(ANSWERED_AS),
      'Which branch an answer without a voice takes; `_call_state` stays 32.',
      { default: 'human' },
    ),
    ours(
      'unknownAs',
      choice(ANSWERED_AS),
      'Which branch an undecided answer takes; `_call_state` stays 28.',
      { default: 'human' },
    ),
    ours(
      'sitPermanent',
      choice(SIT_PERMANENT),
      'Information tones that say the number cannot be reached (11, 12, 13): `fail` ends at once, `retry` dials again.',
      { default: 'fail' },
    ),
  ],
};

const MODE: OptionGroup = {
  title: 'Mode',
  intro:
    'Genesys’ switches for other kinds of callback. They are accepted as far as they ask for this kind.',
  options: [
    genesys(
      '_call_direction',
      {
        kind: 'choice',
        values: ['USERTERMINATED'],
        unsupported: { USERORIGINATED: 'the customer calls us' },
      },
      'We dial the customer.',
      { default: 'USERTERMINATED' },
    ),
    genesys(
      '_media_type',
      { kind: 'choice', values: ['voice'], unsupported: { chat: 'a chat' } },
      'Voice.',
      { default: 'voice' },
    ),
    genesys(
      '_userterminated_first_connect_party',
      { kind: 'choice', values: ['CUSTOMER'], unsupported: { AGENT: 'the agent is called first' } },
      'The customer is called first.',
      { default: 'CUSTOMER' },
    ),
  ],
};

export const SERVICE_GROUPS: readonly OptionGroup[] = [
  TREATMENTS,
  PLUGIN,
  ANSWER,
  DIALLING,
  LIMITS,
  AGENT,
  QUEUEING,
  HANDOFF,
  REQUEST,
  NOTIFICATION,
  TIME,
  MODE,
];

export const SERVICE_OPTIONS: readonly OptionSpec[] = SERVICE_GROUPS.flatMap(
  (group) => group.options,
);
