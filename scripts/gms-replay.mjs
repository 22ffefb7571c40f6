/**
 * `npm run gms-replay [-- URL]`: a GMS client's calls, request by request, against a `dialback run` that is
 * started for it; or against the one at URL, which needs the services of test/request/gms-replay/service.ts.
 * Exit code 1 when an answer is not the documented one.
 */
import { gmsExchanges } from '../test/request/gms-replay/exchanges.ts';
import { replay } from '../test/request/gms-replay/replay.ts';
import { runService } from '../test/request/gms-replay/service.ts';

const WIDTH = 200;
const url = process.argv[2];
const service = url ? { url, stop: async () => 0 } : await runService();
let wrong = 0;
let number = 0;
try {
  for await (const played of replay(service.url, gmsExchanges(Date.now()))) {
    const { exchange, sent, status, body, differences } = played;
    number += 1;
    const mark = differences.length === 0 ? 'ok   ' : 'WRONG';
    console.log(`\n${mark} ${number}. ${exchange.title} (${exchange.source})`);
    console.log(`  > ${sent.method} ${sent.path}`);
    const form = sent.json ?? sent.form ?? sent.multipart;
    const kind = sent.form ? 'urlencoded ' : sent.multipart ? 'multipart ' : '';
    if (form) console.log(`  > ${kind}${JSON.stringify(form)}`);
    console.log(`  < ${status} ${short(body)}`);
    for (const difference of differences) console.log(`  ! ${difference}`);
    if (differences.length > 0) wrong += 1;
  }
} finally {
  await service.stop();
}
console.log(`\n${number - wrong} of ${number} answers as documented`);
process.exitCode = wrong === 0 ? 0 : 1;

function short(body) {
  const text = JSON.stringify(body);
  return text.length > WIDTH ? `${text.slice(0, WIDTH)}...` : text;
}
