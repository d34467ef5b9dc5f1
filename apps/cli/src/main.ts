import { runCommandLine } from './command-line';
import { atlasProgram } from './commands';
import { processTerminal } from './terminal';

const terminal = processTerminal();

// Exit only once all that was written to a pipe has arrived there.
void runCommandLine(process.argv.slice(2), atlasProgram(terminal), terminal).then((code) =>
  process.stdout.write('', () => process.exit(code)),
);
