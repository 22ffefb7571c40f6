/**
 * The interaction and queue modules: who has the call, and where it goes. A page that sends the call
 * away, to a destination or to an agent, has thereby decided: that is its reply, and the flow carries it
 * out like any other. What it posts to its reply URL afterwards comes too late.
 */
import { attachedValues } from '../../holder/attached-values.js';
import { type Asked, textOf } from './asked.js';
import {
  callOf,
  failRefused,
  type RequestContext,
  type RequestHandler,
} from './request-context.js';
import type { HeldCall, HeldRefusal } from '../../holder/held-call.js';
import { waitingSounds } from './treatments.js';

type Done = Promise<HeldRefusal | { readonly kind: 'done' }>;

export const interactionRequests: Readonly<Record<string, RequestHandler>> = {
  'interaction.attach': (asked, context) => take(asked, context, (call) => call.attach()),
  'interaction.accept': (asked, context) => take(asked, context, (call) => call.attach()),
  'interaction.detach': (asked, context) => take(asked, context, (call) => call.detach()),
  'interaction.terminate': (asked, context) =>
    take(asked, context, (call) => call.hangUp(textOf(asked, 'reason') ?? 'ended by the plugin')),
  'interaction.redirect': (asked, context) =>
    routeTo(asked, context, textOf(asked, 'to') ?? destinationOf(asked.attributes.to)),
  'interaction.setudata': setUserData,
  'queue.submit': submit,
  'queue.cancel': (asked, context) =>
    context.fail(asked, 'unknown', 'no request of this session waits in a queue'),
  'queue.query': (asked, context) =>
    context.fail(asked, 'unsupported', 'queues cannot be looked into from here'),
};

function take(asked: Asked, context: RequestContext, act: (call: HeldCall) => Done): void {
  const call = callOf(asked, context);
  if (!call) return;
  const interactionid = call.facts.interactionId;
  void act(call).then((end) => {
    if (end.kind === 'refused') failRefused(context, asked, end);
    else context.done(asked, { interactionid });
  });
}

/** Sends the call to a destination that the flow accepts for `route_to_rp`. */
export function routeTo(
  asked: Asked,
  context: RequestContext,
  destination: string | undefined,
): void {
  const call = callOf(asked, context);
  if (!call) return;
  if (destination === undefined)
    return context.fail(asked, 'invaliddestination', 'the destination is missing');
  const action = { action: 'route_to_rp', message: destination };
  const data = { interactionid: call.facts.interactionId };
  reply(asked, context, call, action, 'invaliddestination', data);
}

/** Looks for an agent in the service's queue; treatments inside the element are heard meanwhile. */
function submit(asked: Asked, context: RequestContext): void {
  const call = callOf(asked, context);
  if (!call) return;
  const { requestId } = asked;
  context.raise('queue.submit.requestid', { requestid: requestId });
  const vqselected = textOf(asked, 'queue') ?? '';
  const action = { action: 'route_to_agent', message: 'OK' };
  const data = {
    interactionid: call.facts.interactionId,
    vqselected,
    targetselected: vqselected,
  };
  void treatedMeanwhile(asked, context, call).then(() =>
    reply(asked, context, call, action, 'remote', data),
  );
}

/** One that cannot be heard costs nobody the queue: then it is what the service has for the wait. */
async function treatedMeanwhile(asked: Asked, context: RequestContext, call: HeldCall) {
  const { sounds, leftOut } = waitingSounds(asked);
  for (const name of leftOut) context.trail('log', `queue:submit plays no ${name} to who waits`);
  if (sounds.length === 0) return;
  const end = await call.waitWith(sounds);
  if (end.kind === 'refused')
    context.trail('failed', `treatments of queue:submit: ${end.code}: ${end.why}`);
}

function reply(
  asked: Asked,
  context: RequestContext,
  call: HeldCall,
  raw: Readonly<Record<string, string>>,
  error: string,
  data: Readonly<Record<string, unknown>>,
): void {
  if (!context.reply)
    return context.fail(asked, 'invalidstate.null', 'no callback waits for this session');
  const line = context.reply;
  // The page means to let go of it, whatever autoDetach says.
  void released(call).then((isReleased) => {
    const { status, body } = line.take(raw);
    if (status === 200) return context.done(asked, data);
    if (isReleased) void call.attach();
    const description = `${body.error ?? status}: ${body.message ?? ''}`;
    context.fail(asked, status === 409 ? 'invalidstate.routed' : error, description);
  });
}

/** @returns whether it was the plugin's before */
async function released(call: HeldCall): Promise<boolean> {
  return call.isAttached && (await call.detach()).kind === 'done';
}

/** No element but `_genesys.ixn.setuData`; the answer is interaction.udata.changed. */
function setUserData(asked: Asked, context: RequestContext): void {
  const call = callOf(asked, context);
  if (!call) return;
  call.attachData(attachedValues(asked.params));
  context.changeUserData(call.facts.interactionId, asked.params);
}

/** Composer writes a destination as text or as an object of which one member is the name. */
function destinationOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { dn, name, id } = value as Record<string, unknown>;
  return [dn, name, id].find((one): one is string => typeof one === 'string' && one !== '');
}
