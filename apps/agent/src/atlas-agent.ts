import { AgentFolder } from './agent-folder';
import { AgentRun } from './agent-run';
import { type CommandLine, HELP, parseCommandLine } from './command-line';
import { enrol } from './enrol';
import { AgentFailure, EXIT, UsageError } from './failure';
import { statusOf, statusText } from './status';
import { type Stops } from './step-runner';
import { VERSION } from './version';

const COMMANDS: Readonly<Record<CommandLine['command'], (line: CommandLine) => Promise<number>>> = {
  help: async () => printed(HELP),
  version: async () => printed(`${VERSION}\n`),
  async enrol({ folder, url, keyFile, caFile, labels, isForced }) {
    if (url === null) throw new UsageError('--url is missing.');
    const home = new AgentFolder(folder);
    const { agent_id } = await enrol(home, { url, keyFile, caFile, labels, isForced });
    return printed(
      `Enrolled as agent ${agent_id} in ${home.path}. List the commands that it may run in ` +
        `${home.allowedCommands}, then run: atlas-agent run\n`,
    );
  },
  async run({ folder }) {
    await AgentRun.start(new AgentFolder(folder), stopsBySignals());
    return EXIT.done;
  },
  async status({ folder, isJson }) {
    const status = await statusOf(new AgentFolder(folder));
    printed(isJson ? `${JSON.stringify(status)}\n` : statusText(status));
    if (status.plane !== 'answers') return EXIT.noAccess;
    return status.running_pid === null ? EXIT.failed : EXIT.done;
  },
};

/** The first signal lets the step under way end, and the second stops it. */
function stopsBySignals(): Stops {
  const [stopping, hurry] = [new AbortController(), new AbortController()];
  const stop = (): void => (stopping.signal.aborted ? hurry.abort() : stopping.abort());
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
  return { stopping: stopping.signal, hurry: hurry.signal };
}

function printed(text: string): number {
  process.stdout.write(text);
  return EXIT.done;
}

async function main(): Promise<number> {
  try {
    const line = parseCommandLine(process.argv.slice(2), process.env);
    return await COMMANDS[line.command](line);
  } catch (error) {
    if (!(error instanceof AgentFailure)) throw error;
    process.stderr.write(`${error.message}\n${error.hint}\n`);
    return error.exitCode;
  }
}

void main().then((code) => process.exit(code));
