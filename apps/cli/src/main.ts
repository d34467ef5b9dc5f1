import { runCommandLine } from './command-line';
import { atlasProgram } from './commands';
import { processTerminal } from './terminal';

const terminal = processTerminal();

// Flushes the output first, because process.exit could truncate output to a pipe.
void runCommandLine(process.argv.slice(2), atlasProgram(terminal), terminal).then((code) =>
  process.stdout.write('', () => process.exit(code)),
);
