/** A `tel:` number without its visual separators (RFC 3966, 5.1.1); a SIP address as it is. */
export function routeDestination(destination: string): string {
  const [, number] = /^tel:(.*)$/i.exec(destination) ?? [];
  return number === undefined ? destination : number.replace(/[-.()]/g, '');
}
