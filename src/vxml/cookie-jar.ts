/**
 * Cookies of one session (RFC 6265), so that a server can tell the pages of one caller from those of
 * another. A cookie goes back to the host that set it and to nobody else; nothing outlives the session.
 */

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly isSecure: boolean;
}

const COOKIES_MAX = 50;
const COOKIE_CHARS_MAX = 4096;
const PAIR = /^\s*([!#$%&'*+\-.^_`|~\w]+)\s*=\s*([^\s;,"\\]*|"[^\s;,"\\]*")\s*$/;
/** Several headers of the name come joined by commas; the comma of a date is none of those. */
const BETWEEN = /,(?=\s*[!#$%&'*+\-.^_`|~\w]+\s*=)/;

export class CookieJar {
  /** By host, then by name and path. */
  readonly #cookies = new Map<string, Map<string, Cookie>>();

  /** @returns the value of the Cookie header; undefined = none is to be sent */
  header(url: string): string | undefined {
    const { host, pathname, protocol } = new URL(url);
    const fitting = [...(this.#cookies.get(host)?.values() ?? [])].filter(
      ({ path, isSecure }) => isBelow(pathname, path) && (!isSecure || protocol === 'https:'),
    );
    // The longest path first (RFC 6265, 5.4).
    const sorted = fitting.sort((a, b) => b.path.length - a.path.length);
    return sorted.length === 0
      ? undefined
      : sorted.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  /** @param header what the answer's Set-Cookie headers say, joined with commas */
  take(url: string, header: string | undefined): void {
    if (header === undefined) return;
    const { host, pathname } = new URL(url);
    const own = this.#cookies.get(host) ?? new Map<string, Cookie>();
    this.#cookies.set(host, own);
    for (const text of header.split(BETWEEN)) {
      const [pair = '', ...attributes] = text.split(';');
      const [, name, value] = PAIR.exec(pair) ?? [];
      if (name === undefined || value === undefined || text.length > COOKIE_CHARS_MAX) continue;
      const path = pathOf(attributes) ?? folderOf(pathname);
      const key = `${name} ${path}`;
      if (isOver(attributes)) own.delete(key);
      else if (own.size < COOKIES_MAX || own.has(key)) {
        const isSecure = attributes.some((one) => /^\s*secure\s*$/i.test(one));
        own.set(key, { name, value, path, isSecure });
      }
    }
  }
}

function pathOf(attributes: readonly string[]): string | undefined {
  const found = attributes.map((one) => /^\s*path\s*=\s*(\/\S*)\s*$/i.exec(one)?.[1]);
  return found.find((path) => path !== undefined);
}

function folderOf(pathname: string): string {
  const folder = pathname.slice(0, pathname.lastIndexOf('/'));
  return folder === '' ? '/' : folder;
}

/** A session is short: only what was over long ago is taken for a deletion. */
function isOver(attributes: readonly string[]): boolean {
  return attributes.some(
    (one) =>
      /^\s*max-age\s*=\s*(0|-\d+)\s*$/i.test(one) || /^\s*expires\s*=.*\b19\d\d\b/i.test(one),
  );
}

function isBelow(pathname: string, path: string): boolean {
  if (pathname === path || path === '/') return true;
  return pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}
