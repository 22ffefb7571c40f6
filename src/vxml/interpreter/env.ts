/** Where executable content runs. */
import type { Scope } from '../script/scopes.js';
import type { Context } from './context.js';
import type { Dialog } from './dialog.js';
import type { Item } from './items.js';
import { Properties } from './properties.js';

export interface Env {
  readonly context: Context;
  /** Undefined while a page is being initialised. */
  readonly dialog: Dialog | undefined;
  readonly item: Item | undefined;
  readonly scope: Scope;
  /** Present in a handler: `reprompt` was executed. */
  readonly handler?: { isReprompted: boolean };
}

export function propertiesOf({ context, dialog, item }: Env): Properties {
  const roots = context.pages().map(({ root }) => root);
  const inner = [item?.element, dialog?.element].filter((one) => one !== undefined);
  return new Properties([...new Set([...inner, ...roots])]);
}
