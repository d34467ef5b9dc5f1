import { runCommandLine } from './command-line';
import { atlasCommands } from './commands';
import { processTerminal } from './terminal';

const terminal = processTerminal();

// What was written to a pipe must get there first.
void runCommandLine(process.argv.slice(2), atlasCommands(terminal), terminal).then((code) =>
  process.stdout.write('', () => process.exit(code)),
);
