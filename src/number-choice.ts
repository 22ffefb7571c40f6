/**
 * Which number a callback dials next: its own and its alternates in turn, those left out that may not be
 * dialled as things stand now. What a reply has put in their place is judged in the same way.
 */
import type { ServiceOptions } from './callflow/service-options.js';
import type { State } from './callflow/vocabulary.js';
import type { ServiceConfig } from './config/config.js';
import { judgeAgain, type Everywhere } from './request/allow-list.js';
import { countedAttempts } from './callflow/retry-policy.js';
import { numberForAttempt, numbersOf } from './request/alternate-numbers.js';
import type { NumberResult } from './request/customer-number.js';
import type { CallbackRecord } from './schedule/callback-store.js';

export class NumberChoice {
  constructor(
    private readonly callback: Pick<CallbackRecord, 'customerNumber' | 'lookupKeys'>,
    private readonly everywhere: () => Everywhere | undefined,
  ) {}

  /** Of the attempt that comes next, E.164. One that was broken off is made up for at its own number. */
  ofNext(context: State['context'], service: ServiceConfig): string {
    const mayDial = (number: string): boolean => this.#judge(number, service).ok;
    return numberForAttempt(this.callback, countedAttempts(context) + 1, mayDial);
  }

  /** What may be dialled can have changed since the number came in. */
  next(context: State['context'], service: ServiceConfig): NumberResult {
    return this.#judge(context.customerNumber ?? this.ofNext(context, service), service);
  }

  /** A number that nobody has is no reason to give up while there are others. */
  options({ options }: ServiceConfig): ServiceOptions {
    return numbersOf(this.callback).length > 1 ? { ...options, sitPermanent: 'retry' } : options;
  }

  #judge(number: string, service: ServiceConfig): NumberResult {
    return judgeAgain(number, service, this.everywhere());
  }
}
