/** The demo's own plugin: a webhook that sends every customer to the route point its path names. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface DemoPlugin {
  readonly origin: string;
  close(): void;
}

export async function startDemoPlugin(): Promise<DemoPlugin> {
  const server = createServer((request, response) => {
    const reply = { action: 'route_to_rp', message: request.url?.slice(1) };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(reply));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, close: () => void server.close() };
}
