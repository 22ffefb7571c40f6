/**
 * Who may use the API. With keys: a bearer key (or `x-api-key`), compared in constant time. Without:
 * only programs of this machine are meant, so what a web page in somebody's browser can send to a
 * loopback address is refused, name tricks (DNS rebinding) included.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { HttpConfig } from '../config/config.js';
import { RequestProblem } from './problem.js';

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/** @returns a check that throws RequestProblem `CBD_REQUEST_UNAUTHORISED` or `CBD_REQUEST_FORBIDDEN` */
export function accessCheck(http: HttpConfig): (request: FastifyRequest) => void {
  if (http.auth.kind === 'keys') {
    const digests = http.auth.keys.map(({ key }) => digest(key));
    return (request) => {
      const offered = digest(offeredKey(request));
      // No short cut: every key is compared, whichever fits.
      const fits = digests.filter((known) => timingSafeEqual(known, offered));
      if (fits.length === 0) {
        throw new RequestProblem('CBD_REQUEST_UNAUTHORISED', 'A valid API key is needed.');
      }
    };
  }
  const names = new Set([...LOOPBACK_NAMES, http.host, hostnameOf(http.publicUrl ?? '')]);
  return (request) => {
    const { origin } = request.headers;
    const isForeign = origin !== undefined && hostOf(origin) !== request.headers.host;
    const isRenamed = http.isLoopback && !names.has(hostnameOf(`http://${request.headers.host}`));
    const isFromSite = ['cross-site', 'same-site'].includes(headerText(request, 'sec-fetch-site'));
    if (!isForeign && !isRenamed && !isFromSite) return;
    throw new RequestProblem('CBD_REQUEST_FORBIDDEN', 'Not from a web page of another site.');
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function offeredKey(request: FastifyRequest): string {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '');
  return bearer?.[1] ?? headerText(request, 'x-api-key');
}

function headerText(request: FastifyRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}

function hostnameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}
