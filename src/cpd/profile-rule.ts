/** Which rule decides between human and machine, by profile. */
import { AnswerRule, type Rule } from './answer-rule.js';
import { AppAmd } from './app-amd.js';
import { Gvp } from './gvp.js';
import type { CpdOptions } from './options.js';

export function ruleOf(options: CpdOptions): Rule {
  switch (options.profile) {
    case 'app-amd':
      return new AppAmd(options);
    case 'gvp':
      return new Gvp(options);
    default:
      return new AnswerRule(options);
  }
}
