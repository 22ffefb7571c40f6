import assert from 'node:assert/strict';
import {
  CALLBACK_REASONS,
  recordStateOf,
  type RecordState,
} from '../../src/callflow/final-reason.js';
import { Flow, WITH_PAGE, WITH_PLUGIN } from './flow-fixture.js';

const ROUTE = { action: 'route_to_rp', message: '8999' };

describe('the public state of a callback', () => {
  const cases: readonly (readonly [string, () => Flow, RecordState])[] = [
    ['not due yet', () => new Flow(), 'SCHEDULED'],
    ['dialling', () => new Flow().due(), 'QUEUED'],
    ['between two attempts', () => new Flow().dialed('busy'), 'QUEUED'],
    ['a plugin asked about a busy line', () => new Flow(WITH_PLUGIN).dialed('busy'), 'QUEUED'],
    ['a plugin with a person', () => new Flow(WITH_PLUGIN).dialed('human'), 'ROUTING'],
    ['a plugin with a machine', () => new Flow(WITH_PLUGIN).dialed('machine'), 'QUEUED'],
    ['a page with a person', () => new Flow(WITH_PAGE).dialed('human'), 'ROUTING'],
    ['a message being left', () => new Flow().dialed('machine'), 'QUEUED'],
    ['the connect treatment', () => new Flow().dialed('human'), 'ROUTING'],
    ['waiting for an agent', () => new Flow().dialed('human').played(), 'ROUTING'],
    ['being routed', () => new Flow(WITH_PLUGIN).dialed('human').reply(ROUTE), 'ROUTING'],
    ['talking', () => new Flow().dialed('human').agentAnswers().played(), 'PROCESSING'],
    ['over', () => new Flow().dialed('fax'), 'COMPLETED'],
  ];
  for (const [name, flow, state] of cases) {
    it(`is ${state} when it is ${name}`, () => assert.equal(recordStateOf(flow().state), state));
  }

  it('while the call is answered and nobody knows by whom is QUEUED', () => {
    const flow = new Flow().due();
    flow.send({ type: 'answered', legId: flow.legId });
    assert.equal(recordStateOf(flow.state), 'QUEUED');
  });
});

describe('the reasons', () => {
  it("are Genesys' own, and ROUTED_TO_RP of ours", () => {
    assert.ok('FAIL_FAX_REACHED' in CALLBACK_REASONS);
    assert.ok('ROUTED_TO_RP' in CALLBACK_REASONS);
    for (const meaning of Object.values(CALLBACK_REASONS)) assert.notEqual(meaning, '');
  });
});
