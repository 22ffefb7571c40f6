import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { randomToken } from '../../src/adapters/random.js';
import { ReplyDesk, type DeskVisitor } from '../../src/plugin/reply-desk.js';

const VISITOR: DeskVisitor = {
  callbackId: 'cb-1',
  control: undefined,
  reply: () => ({ status: 200, body: {} }),
};
const HOUR_MS = 3_600_000;

describe('ReplyDesk', () => {
  const open = () => {
    const clock = virtualClock();
    const desk = new ReplyDesk({ clock, newToken: randomToken, baseUrl: () => 'http://us' });
    return { clock, desk };
  };
  const tokenOf = (url: string) => url.split('/').at(-2) ?? '';

  it('gives each session a place that only its token opens', () => {
    const { desk } = open();
    const first = desk.open('a', VISITOR);
    const second = desk.open('b', VISITOR);
    assert.match(first.replyUrl, /^http:\/\/us\/plugin\/a\/[\w-]{22}\/reply$/);
    assert.equal(first.callUrl, first.replyUrl.replace(/reply$/, 'call'));
    assert.deepEqual(desk.find('a', tokenOf(first.replyUrl)), { visitor: VISITOR });
    assert.equal(desk.find('b', tokenOf(first.replyUrl)), 'unknown');
    assert.equal(desk.find('a', tokenOf(first.replyUrl).slice(1)), 'unknown');
    assert.equal(desk.find('nobody', tokenOf(second.replyUrl)), 'unknown');
    assert.equal(desk.find('nobody', 'nobody'), 'unknown', 'what nobody is compared with');
    assert.equal(desk.openCount, 2);
  });

  it('knows for an hour that a session was there', async () => {
    const { clock, desk } = open();
    const place = desk.open('a', VISITOR);
    const { replyUrl } = place;
    place.close();
    place.close();
    assert.equal(desk.openCount, 0);
    assert.equal(desk.find('a', tokenOf(replyUrl)), 'over');
    assert.equal(desk.find('a', 'forged'), 'unknown', 'and tells it to who had the token');
    await clock.advance(HOUR_MS);
    desk.open('b', VISITOR).close();
    assert.equal(desk.find('a', tokenOf(replyUrl)), 'unknown');
  });

  it('remembers ten thousand of them at most', () => {
    const { desk } = open();
    const first = desk.open('first', VISITOR);
    first.close();
    for (let count = 0; count < 10_000; count += 1) desk.open(`s${count}`, VISITOR).close();
    assert.equal(desk.find('first', tokenOf(first.replyUrl)), 'unknown');
  });
});
