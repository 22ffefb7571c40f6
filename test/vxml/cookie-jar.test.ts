import assert from 'node:assert/strict';
import { CookieJar } from '../../src/vxml/cookie-jar.js';

const PAGE = 'http://a.test/app/page.vxml';

function jarWith(header: string, url = PAGE): CookieJar {
  const jar = new CookieJar();
  jar.take(url, header);
  return jar;
}

describe('Cookies of a page', () => {
  it('go back to the host that set them, below their folder', () => {
    const jar = jarWith('JSESSIONID=1f; HttpOnly');
    assert.equal(jar.header('http://a.test/app/next.vxml'), 'JSESSIONID=1f');
    assert.equal(jar.header('http://a.test/app/deep/next.vxml'), 'JSESSIONID=1f');
    assert.equal(jar.header('http://a.test/other'), undefined);
    assert.equal(jar.header('http://a.test/apple'), undefined);
    assert.equal(jar.header('http://b.test/app/next.vxml'), undefined);
    assert.equal(jar.header('http://a.test:81/app/next.vxml'), undefined);
  });

  it('are told apart when several come in one header, dates and all', () => {
    const jar = jarWith('a=1; Path=/; Expires=Wed, 21 Oct 2065 07:28:00 GMT, b="2"; path=/app');
    assert.equal(jar.header(PAGE), 'b="2"; a=1');
  });

  it('are replaced and deleted', () => {
    const jar = jarWith('a=1');
    jar.take(PAGE, 'a=2');
    assert.equal(jar.header(PAGE), 'a=2');
    jar.take(PAGE, 'a=; Max-Age=0');
    assert.equal(jar.header(PAGE), undefined);
    jar.take(PAGE, 'a=3');
    jar.take(PAGE, 'a=x; expires=Thu, 01 Jan 1970 00:00:00 GMT');
    assert.equal(jar.header(PAGE), undefined);
  });

  it('that are secure go over https only', () => {
    const jar = jarWith('a=1; Secure; Path=/', 'https://a.test/');
    assert.equal(jar.header('https://a.test/x'), 'a=1');
    assert.equal(jar.header('http://a.test/x'), undefined);
  });

  it('that are none are passed over, and there are never too many', () => {
    assert.equal(jarWith('no cookie; =x; a b=c').header(PAGE), undefined);
    assert.equal(jarWith(`a=${'x'.repeat(5000)}`).header(PAGE), undefined);
    const jar = new CookieJar();
    for (let n = 0; n < 60; n++) jar.take(PAGE, `c${n}=1`);
    assert.equal(jar.header(PAGE)?.split('; ').length, 50);
  });
});
