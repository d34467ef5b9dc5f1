import { type EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, type Terminal } from '../command';
import { type ControlPlaneClient } from '../control-plane/control-plane-client';
import { CONNECTION_OPTIONS, connect } from './connection';
import { type Given, type Option, given, optionsUsage } from './options';

/** One thing that an operator asks of the Control Plane: a file or a row of a table, and a line in commands.ts. */
export interface OperatorCommand {
  readonly name: string;
  readonly summary: string;
  /** More than the summary, for `--help`. */
  readonly about?: string;
  /** What stands behind the name, such as `tenant`. */
  readonly operand?: string;
  readonly options: readonly Option[];
  run(call: OperatorCall): Promise<number>;
}

export interface OperatorCall extends Given {
  readonly client: ControlPlaneClient;
  readonly terminal: Terminal;
  readonly surroundings: Surroundings;
}

/** What a command finds around it. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly directory: string;
  /** Where Ctrl-C arrives. */
  readonly signals: EventEmitter;
  now(): number;
  /** Throws when the signal comes first. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

export const REAL_SURROUNDINGS: Surroundings = {
  env: process.env,
  directory: process.cwd(),
  signals: process,
  now: Date.now,
  pause: (ms, signal) => delay(ms, undefined, { signal }),
};

const JSON_OPTION: Option = { name: 'json', text: 'for programs: JSON, one object a line' };

const EXIT_CODES = `Exit codes: 0 done; 1 failed, or refused; 2 the command line is wrong; 3 the Control Plane does not answer, or refuses
the API key; 130 Ctrl-C.
`;

/** As the command line takes it. */
export function asCommand(
  command: OperatorCommand,
  terminal: Terminal,
  surroundings: Surroundings = REAL_SURROUNDINGS,
): Command {
  const { name, summary, about, operand } = command;
  const options = [...command.options, JSON_OPTION, ...CONNECTION_OPTIONS];
  const call = `atlas ${name}${operand ? ` <${operand}>` : ''} [options]`;
  return {
    name,
    summary,
    usage: `${about ?? `${capital(summary)}.`}\n\n  ${call}\n\n${optionsUsage(options)}\n${EXIT_CODES}`,
    run: async (args) => {
      const input = given(args, options, operand);
      let client: ControlPlaneClient | undefined;
      return command.run({
        ...{ ...input, terminal, surroundings },
        // Not everything needs a Control Plane.
        get client() {
          return (client ??= connect(input.values, surroundings, terminal));
        },
      });
    },
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
