// The client of `http-creates.mjs`: asks for callbacks as a web shop would, over kept connections.
import { Agent, request } from 'node:http';
import process, { argv } from 'node:process';

const [, , url, key, services] = argv;
const agent = new Agent({ keepAlive: true });
const { hostname, port } = new URL(url);
const TO = {
  ...{ agent, hostname, port, method: 'POST' },
  headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
};
const CREATED = 200;
let made = 0;

function create() {
  made += 1;
  const number = `+1212${String(5_550_000 + made).padStart(7, '0')}`;
  const body = JSON.stringify({
    _customer_number: number,
    account: `A-${made}`,
    product: 'kettle',
  });
  return new Promise((resolve, reject) => {
    const path = `/genesys/1/service/callback/sales-${made % services}`;
    const sent = request({ ...TO, path }, (answer) => {
      answer.resume().on('end', resolve);
      if (answer.statusCode !== CREATED) reject(new Error(`status ${answer.statusCode}`));
    });
    sent.on('error', reject).end(body);
  });
}

process.on('message', async ({ count, inFlight }) => {
  const before = process.cpuUsage();
  let left = count;
  const one = async () => {
    while (left-- > 0) await create();
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  const { user, system } = process.cpuUsage(before);
  process.send({ cpuMs: (user + system) / 1000 });
});
process.on('disconnect', () => process.exit());
