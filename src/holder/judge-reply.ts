/**
 * A reply held against the call and the configuration, before the flow sees it: what cannot be carried
 * out is refused with a code and a sentence, and whoever replied may correct it.
 */
import { checkReply, parseReply, type PluginReply } from '../callflow/plugin-reply.js';
import { routeTarget, type RouteDestinations } from '../handoff/route-point.js';
import { normaliseNumber, type NumberRules } from '../request/customer-number.js';

export interface ReplyGround {
  readonly callIsUp: boolean;
  readonly numberRules: NumberRules;
  /** May the reply put this in front of the number? */
  readonly allowsPrefix: (prefix: string) => boolean;
  readonly destinations: RouteDestinations;
}

export interface JudgedRefusal {
  readonly code: string;
  readonly field: string;
  readonly message: string;
}

export type JudgedReply =
  | { readonly ok: true; readonly reply: PluginReply }
  | { readonly ok: false; readonly refusal: JudgedRefusal };

/** @param raw as it came: a JSON value, a form, or JSON text */
export function judgeReply(raw: unknown, ground: ReplyGround): JudgedReply {
  const parsed = parseReply(raw);
  if (!parsed.ok) return { ok: false, refusal: parsed.rejection };
  const { reply } = parsed;
  const refusal =
    checkReply(reply, ground) ?? refuseDestination(reply, ground) ?? refusePrefix(reply, ground);
  return refusal ? { ok: false, refusal } : withNumber(reply, ground);
}

function refuseDestination(
  { action, destination }: PluginReply,
  { destinations }: ReplyGround,
): JudgedRefusal | undefined {
  if (action !== 'route_to_rp') return undefined;
  const target = routeTarget(destination ?? '', destinations);
  if (target.kind === 'uri') return undefined;
  return { code: 'REPLY_DESTINATION_NOT_ALLOWED', field: 'message', message: target.why };
}

function refusePrefix(
  { customerNumberPrefix: prefix }: PluginReply,
  { allowsPrefix }: ReplyGround,
): JudgedRefusal | undefined {
  if (prefix === undefined || allowsPrefix(prefix)) return undefined;
  const message = 'the prefix is neither _prefix_dial_out nor among allowedPrefixes';
  return { code: 'REPLY_PREFIX_NOT_ALLOWED', field: 'customer_number_prefix', message };
}

/** Whether it is dialled or shown to an agent: a number of a reply is a number, and goes on as E.164. */
function withNumber(reply: PluginReply, { numberRules }: ReplyGround): JudgedReply {
  if (reply.customerNumber === undefined) return { ok: true, reply };
  const number = normaliseNumber(reply.customerNumber, numberRules);
  if (number.ok) return { ok: true, reply: { ...reply, customerNumber: number.e164 } };
  const message = `the number is refused: ${number.why}`;
  return {
    ok: false,
    refusal: { code: 'REPLY_NUMBER_REFUSED', field: 'customer_number', message },
  };
}
