/**
 * Connects the customer with a far side that has answered: bridged by the media server at once, so that
 * they hear each other; then recorded, or taken out of the media server, where that is asked for.
 */
import type { OutboundCall } from '../dial/outbound-call.js';
import type { Clock, Random } from '../ports.js';
import { goDirect } from './direct-media.js';
import type { FarCall } from './queue-search.js';

/** The customer, as far as a hand-over needs them. */
export type CustomerCall = Pick<
  OutboundCall,
  'callId' | 'endpoint' | 'dialog' | 'stopListening' | 'releaseMedia'
>;

/** How a hand-over went, for the attempt's record. */
export interface HandoffFacts {
  /** When the two could hear each other. */
  readonly connectedAtMs?: number;
  /** SIP URI of the other side. */
  readonly connectedTo?: string;
  readonly transfer?: 'bridged' | 'direct' | 'referred' | 'transferred';
  /** Why it went another way than configured. */
  readonly transferDetail?: string;
}

export interface ConversationOptions {
  readonly media: 'server' | 'direct';
  /** They hear each other already: the far side was heard before its answer. */
  readonly isBridged?: boolean;
  /** Where it is recorded to; undefined: it is not. */
  readonly recording: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** Each as it becomes known. */
  readonly onFacts: (facts: HandoffFacts) => void;
  /** A line for `trace`. */
  readonly note: (what: string, detail?: string) => void;
}

/**
 * @returns whether they were connected; not when one of them had gone, of which its call tells
 * @throws Error when they cannot be connected
 */
export async function connect(
  customer: CustomerCall,
  far: FarCall,
  options: ConversationOptions,
): Promise<boolean> {
  // A tap that has to be over before a bridge holds that up by itself.
  const deaf = customer.stopListening();
  const [ours, theirs] = [customer.endpoint, far.endpoint];
  if (!ours || !theirs) return false;
  if (options.isBridged !== true) await ours.bridge(theirs);
  await deaf;
  const connectedTo = far.address;
  options.onFacts({
    connectedAtMs: options.clock.nowMs(),
    transfer: 'bridged',
    ...(connectedTo !== undefined && { connectedTo }),
  });
  if (options.recording !== undefined) await record(ours, options.recording, options);
  else if (options.media === 'direct') await leaveMediaServer(customer, far, options);
  return true;
}

/** A conversation that cannot be recorded is held all the same. */
async function record(
  endpoint: NonNullable<CustomerCall['endpoint']>,
  path: string,
  { note }: ConversationOptions,
): Promise<void> {
  try {
    await endpoint.record(path);
    note('recording', path);
  } catch (error) {
    note('recording-failed', error instanceof Error ? error.message : String(error));
  }
}

async function leaveMediaServer(
  customer: CustomerCall,
  far: FarCall,
  { onFacts, note, ...deps }: ConversationOptions,
): Promise<void> {
  const { endpoint: ours, dialog: ourDialog } = customer;
  const { endpoint: theirs, dialog: theirDialog } = far;
  if (!ours || !ourDialog || !theirs || !theirDialog) return;
  const outcome = await goDirect(
    { dialog: ourDialog, endpoint: ours },
    { dialog: theirDialog, endpoint: theirs },
    deps,
  );
  note(`media-${outcome.kind}`, outcome.kind === 'direct' ? undefined : outcome.why);
  switch (outcome.kind) {
    case 'direct':
      onFacts({ transfer: 'direct' });
      await Promise.all([customer.releaseMedia(), far.releaseMedia()]);
      return;
    case 'kept':
      onFacts({ transferDetail: `not direct, ${outcome.why}` });
      return;
    case 'broken':
      // The customer waits again, and is played to: nobody is bridged with them by then.
      await ours.unbridge().catch(() => undefined);
      throw new Error(`neither direct nor back: ${outcome.why}`);
  }
}
