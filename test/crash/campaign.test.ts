/** Ten kills; fifty are `npm run test:crash`. The seed is in the title of a failure. */
import assert from 'node:assert/strict';
import { runCampaign, type CampaignReport } from './campaign.js';

const KILLS = 10;

describe(`a service that is killed ${KILLS} times with calls up`, function () {
  this.timeout(120_000);
  const seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
  let report: CampaignReport;

  before(async () => {
    report = await runCampaign({ kills: KILLS, seed });
    const { orphansEnded, orphansUnknown, callbacks, wallMs } = report;
    console.log(
      `      seed ${seed}: ${callbacks} callbacks, ${orphansEnded} orphans ended, ` +
        `${orphansUnknown} waited for, ${(wallMs / 1000).toFixed(1)} s`,
    );
  });
  const says = `CRASH_SEED=${seed}`;

  it('was killed with calls in the air, and ended what it had left behind', () => {
    assert.ok(report.callsUpAtKills.filter((count) => count > 0).length > KILLS / 2, says);
    assert.ok(report.orphansEnded > KILLS / 2, says);
  });

  it('loses no callback', () => assert.deepEqual(report.lost, [], says));

  it('sends no second INVITE for one attempt, and none that is not on record', () => {
    assert.deepEqual(report.strayInvites, [], says);
  });

  it('never has two legs to one number alive', () => assert.deepEqual(report.overlaps, [], says));

  it('gives every attempt an end, NODE_LOST where nobody can know the outcome', () => {
    assert.deepEqual(report.undecided, [], says);
    assert.ok(report.nodeLostCount > 0, says);
  });

  it('leaves no call and no channel behind', () => {
    assert.deepEqual(report.leftover, { calls: [], channels: 0 }, says);
  });
});
