import assert from 'node:assert/strict';
import { listNames } from '../../../src/adapters/telephony/playback.js';
import { spokenName } from '../../../src/adapters/telephony/spoken.js';
import { eventually, useSite } from './site.js';

describe('text that the media server reads out', function () {
  this.timeout(60_000);
  const site = useSite();

  it('keeps nothing that FreeSWITCH could take for more than words', () => {
    const hostile = 'a\r\n\r\napi hupall ${system(id)} !b|c@@1 {x=1}"\'`\\ :d^^e';
    assert.equal(spokenName(`say:${hostile}`), 'say:a api hupall system id b c 1 x 1 d e');
    assert.equal(spokenName('say:Grüße, 5 % & mehr?'), 'say:Grüße, 5 % & mehr?');
    assert.equal(spokenName('say:$$'), 'say:,');
  });

  it('is never part of a list of files', () => {
    const names = listNames(['/a.wav', '/b.wav', 'say:x', '/c.wav', '/d.wav']);
    assert.deepEqual(names, [
      'file_string:///a.wav!/b.wav',
      'say:x',
      'file_string:///c.wav!/d.wav',
    ]);
  });

  it('is heard where mod_flite is, between files; else refused', async () => {
    const call = await site().call();
    const file = await site().toneFile(440, 300);
    const order = { loop: false, isGapless: true };
    const end = await call.endpoint.play([file, 'say:Hello, this is a test.', file], order).done;
    if (call.endpoint.canSpeak === true) {
      assert.ok(end.kind === 'ended' && (end.playedMs ?? 0) > 1200, JSON.stringify(end));
      await eventually(() => assert.ok(call.far.rtp.packets.length > 60));
    } else assert.match(end.kind === 'failed' ? end.why : '', /PLAY_REFUSED: mod_flite/);
    await site().hangUp(call);
  });
});
