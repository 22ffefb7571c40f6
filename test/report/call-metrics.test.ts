import assert from 'node:assert/strict';
import { CallMetrics } from '../../src/report/call-metrics.js';

const lines = async (metrics: CallMetrics, name: string) =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith(`dialback_${name}`));

describe('CallMetrics', () => {
  it('counts attempts by trunk and result, and callbacks by service and reason', async () => {
    const metrics = new CallMetrics();
    metrics.attemptEnded('primary', 'Busy');
    metrics.attemptEnded('primary', 'Busy');
    metrics.attemptEnded('primary', 'Ok');
    metrics.callbackEnded('sales', 'AGENT_CONNECTED');
    assert.deepEqual(await lines(metrics, 'attempts_total'), [
      'dialback_attempts_total{trunk="primary",result="Busy"} 2',
      'dialback_attempts_total{trunk="primary",result="Ok"} 1',
    ]);
    assert.deepEqual(await lines(metrics, 'callbacks_ended_total'), [
      'dialback_callbacks_ended_total{service="sales",reason="AGENT_CONNECTED"} 1',
    ]);
  });

  it('keeps delays in seconds', async () => {
    const metrics = new CallMetrics();
    metrics.rang('primary', 1500);
    metrics.firstSound('primary', 40);
    metrics.setUp('primary', 15);
    const sums = (await metrics.text()).split('\n').filter((line) => line.includes('_sum{'));
    assert.deepEqual(sums, [
      'dialback_set_up_seconds_sum{trunk="primary"} 0.015',
      'dialback_post_dial_delay_seconds_sum{trunk="primary"} 1.5',
      'dialback_answer_to_first_sound_seconds_sum{trunk="primary"} 0.04',
    ]);
  });

  it('reads what is in the air anew each time, and forgets what is gone', async () => {
    let paused = ['*', 'sales'];
    let open = [{ serviceName: 'sales', state: 'QUEUED', count: 3 }];
    const metrics = new CallMetrics({
      inTheAir: () => ({ endpoints: open.length }),
      servers: () => [
        { name: 'drachtio', isUp: true },
        { name: 'FreeSWITCH', isUp: false },
      ],
      open: () => Promise.resolve(open),
      paused: () => Promise.resolve(paused),
      isReady: () => false,
    });
    assert.deepEqual(await lines(metrics, 'callbacks_open'), [
      'dialback_callbacks_open{service="sales",state="QUEUED"} 3',
    ]);
    assert.deepEqual(await lines(metrics, 'server_up'), [
      'dialback_server_up{server="drachtio"} 1',
      'dialback_server_up{server="FreeSWITCH"} 0',
    ]);
    assert.deepEqual(await lines(metrics, 'ready'), ['dialback_ready 0']);
    assert.deepEqual(await lines(metrics, 'paused'), [
      'dialback_paused{service="*"} 1',
      'dialback_paused{service="sales"} 1',
    ]);
    paused = [];
    assert.deepEqual(await lines(metrics, 'paused'), []);
    open = [];
    assert.deepEqual(await lines(metrics, 'callbacks_open'), []);
    assert.deepEqual(await lines(metrics, 'in_the_air'), [
      'dialback_in_the_air{kind="endpoints"} 0',
    ]);
    assert.equal((await lines(metrics, 'process_cpu_seconds_total')).length, 1);
  });
});
