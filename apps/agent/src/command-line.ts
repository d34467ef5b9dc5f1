import { parseArgs } from 'node:util';
import { DEFAULT_FOLDER } from './agent-folder';
import { UsageError } from './failure';
import { VERSION } from './version';

export const HELP = `atlas-agent ${VERSION} runs steps of runbooks on this machine.

  atlas-agent enrol --url <plane>  store the agent's key, once the plane has accepted it
      --key-file <file>            file with the key; otherwise ATLAS_AGENT_KEY or the standard input
      --ca-file <file>             PEM file of a private certificate authority
      --label <name>=<value>       report a label; may be repeated
      --force                      replace another agent in the folder
  atlas-agent run                  run steps until SIGTERM, and then wait for the step under way
  atlas-agent status [--json]      show the enrolment, the step under way and the allowed commands

  --dir <folder>                   the agent's folder; otherwise ATLAS_AGENT_DIR or ${DEFAULT_FOLDER}
`;

const COMMANDS = ['enrol', 'run', 'status'] as const;

export interface CommandLine {
  readonly command: (typeof COMMANDS)[number] | 'help' | 'version';
  readonly folder: string;
  readonly url: string | null;
  readonly keyFile: string | null;
  readonly caFile: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly isForced: boolean;
  readonly isJson: boolean;
}

/** Throws {@link UsageError}. */
export function parseCommandLine(words: readonly string[], env: NodeJS.ProcessEnv): CommandLine {
  const { values, positionals } = parsedWords(words);
  return {
    command: commandIn(positionals, values),
    folder: values.dir ?? env['ATLAS_AGENT_DIR'] ?? DEFAULT_FOLDER,
    url: values.url ?? null,
    keyFile: values['key-file'] ?? null,
    caFile: values['ca-file'] ?? null,
    labels: Object.fromEntries((values.label ?? []).map(labelIn)),
    isForced: values.force ?? false,
    isJson: values.json ?? false,
  };
}

const OPTIONS = {
  dir: { type: 'string' },
  url: { type: 'string' },
  'key-file': { type: 'string' },
  'ca-file': { type: 'string' },
  label: { type: 'string', multiple: true },
  force: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

function parsedWords(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function commandIn(
  positionals: readonly string[],
  { help, version }: { readonly help?: boolean; readonly version?: boolean },
): CommandLine['command'] {
  const [word, ...others] = positionals;
  if (version) return 'version';
  if (help || (word === undefined && others.length === 0)) return 'help';
  const command = COMMANDS.find((one) => one === word);
  // The rest is not repeated, because it may be a key.
  if (!command || others.length > 0)
    throw new UsageError('atlas-agent has the commands enrol, run and status.');
  return command;
}

function labelIn(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`"${text}" is not a label.`, 'Write it as --label <name>=<value>.');
  return [text.slice(0, at), text.slice(at + 1)];
}
