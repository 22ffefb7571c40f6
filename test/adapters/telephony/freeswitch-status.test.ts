import assert from 'node:assert/strict';
import { readStatus } from '../../../src/adapters/telephony/freeswitch-status.js';

const STATUS = `UP 0 years, 0 days, 0 hours, 21 minutes, 1 second, 687 milliseconds, 989 microseconds
FreeSWITCH (Version 1.10.12-release  64bit) is ready
1284 session(s) since startup
17 session(s) - peak 151, last 5min 23 
3 session(s) per Sec out of max 200, peak 41, last 5min 15 
1200 session(s) max
min idle cpu 0.00/42.67
Current Stack Size/Max 240K/240K
`;

describe('readStatus', () => {
  it('reads what FreeSWITCH says of itself', () => {
    assert.deepEqual(readStatus(STATUS), {
      version: '1.10.12-release  64bit',
      isReady: true,
      sessionCount: 17,
      sessionsMax: 1200,
      sessionsPerSecondMax: 200,
      idleCpuPercent: 42.67,
    });
  });

  it('takes the stock limits for what an answer leaves out', () => {
    const status = readStatus('FreeSWITCH (Version 1.10.12) is shutting down\n');
    assert.equal(status?.isReady, false);
    assert.equal(status?.sessionsPerSecondMax, 30);
    assert.equal(status?.idleCpuPercent, 100);
    assert.equal(readStatus('-ERR no reply'), undefined);
  });
});
