/** Where a command writes and how it ends, so that tests can look on. */

export interface Terminal {
  /** One line on stdout. */
  readonly out: (line: string) => void;
  /** One line on stderr. */
  readonly err: (line: string) => void;
  /** 0 done, 1 failed, 2 wrong use; takes effect when the process ends by itself. */
  readonly exit: (code: 0 | 1 | 2) => void;
}

export const systemTerminal: Terminal = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  exit: (code) => {
    process.exitCode = code;
  },
};

/** Text from a server or a phone network must not steer the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
