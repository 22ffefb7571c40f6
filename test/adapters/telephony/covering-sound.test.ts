import assert from 'node:assert/strict';
import type { Channel } from '../../../src/adapters/telephony/channel.js';
import { CoveringSound } from '../../../src/adapters/telephony/covering-sound.js';
import { TelephonyError } from '../../../src/adapters/telephony/errors.js';
import { playChannel } from '../../../src/adapters/telephony/play-channel.js';
import { settle } from '../../fakes/fake-telephony.js';

const FILE = `/var/lib/dialback/media/${'w'.repeat(16)}.wav`;
const UUID = '7d1c7c6c-0000-4000-8000-000000000001';

/** What FreeSWITCH does with these commands, in their order. */
class PaperChannel {
  readonly uuid = UUID;
  readonly hasEnded = false;
  readonly commands: string[] = [];
  readonly executed: string[] = [];
  /** What `uuid_displace` was given, its variables filled in. */
  readonly displaced: string[] = [];
  fails: TelephonyError | undefined;
  #variables = new Map<string, string>();

  onEnded = (): (() => void) => () => undefined;
  onFileStarted = (): (() => void) => () => undefined;

  api(name: string, ...args: readonly string[]): Promise<string> {
    this.commands.push(['api', name, ...args].join(' '));
    if (this.fails) return Promise.reject(this.fails);
    const line = name === 'expand' ? args.slice(1) : [name, ...args];
    const [command = '', , ...rest] = line.map((word) =>
      word.replace(/\$\{variable_(\w+)\}/g, (_all, key: string) => this.#variables.get(key) ?? ''),
    );
    if (command === 'uuid_setvar') this.#variables.set(rest[0] ?? '', rest[1] ?? '');
    if (command === 'uuid_displace') this.displaced.push(rest.join(' '));
    return Promise.resolve('+OK');
  }

  execute(name: string, argument: string): Promise<unknown> {
    this.executed.push(`${name} ${argument.slice(0, 20)}`);
    return Promise.resolve({ response: 'FILE PLAYED', isEndedByKey: false });
  }
}

describe('a sound that covers a bridge', () => {
  const open = () => {
    const paper = new PaperChannel();
    return { paper, cover: new CoveringSound(paper as unknown as Channel) };
  };

  it('is played over and over, and ended by the name it was begun with', async () => {
    const { paper, cover } = open();
    let started = 0;
    const over = cover.play(FILE, () => (started += 1));
    await settle();
    assert.equal(started, 1);
    await cover.stop();
    assert.equal((await over).response, 'FILE PLAYED');
    const [begun = '', ended] = paper.displaced;
    const [action, name = '', ...flags] = begun.split(' ');
    assert.deepEqual([action, ...flags], ['start', '0', 'ml']);
    assert.equal(ended, `stop ${name}`);
    const rounds = name.replace('file_string://', '').split('!');
    assert.ok(rounds.length > 40 && rounds.length <= 100, `${rounds.length} rounds`);
    assert.ok(Buffer.byteLength(name) <= 4200, `${name.length} bytes in each event`);
    assert.deepEqual([...new Set(rounds)], [FILE]);
  });

  it('takes few bytes: a busy FreeSWITCH reads a thousand in a second', async () => {
    const { paper, cover } = open();
    void cover.play(FILE, () => undefined);
    await settle();
    const bytes = paper.commands.reduce((sum, command) => sum + Buffer.byteLength(command), 0);
    assert.ok(bytes < 1200, `${bytes} bytes`);
    await cover.stop();
  });

  it('gives way to an ordinary playback when it is not begun in time, and is not heard beside it', async () => {
    const { paper, cover } = open();
    paper.fails = new TelephonyError('DEADLINE', 'uuid_setvar: no answer within 3000 ms');
    const channel = playChannel({
      channel: paper as unknown as Channel,
      cover,
      covering: () => FILE,
      prepare: () => Promise.resolve(),
    });
    await channel.play(FILE);
    assert.deepEqual(paper.executed, [`playback ${FILE.slice(0, 20)}`]);
    assert.match(paper.commands.at(-1) ?? '', /uuid_displace \S+ stop /);
  });
});
