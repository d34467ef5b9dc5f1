import { type EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, type Terminal } from '../command';
import { type ControlPlaneClient } from '../control-plane/control-plane-client';
import { type Given, type Option } from '../options';
import { CONNECTION_OPTIONS, connect } from './connection';

/** A command for operators, defined in its own file or in operations/, and listed in commands.ts. */
export interface OperatorCommand extends Omit<Command, 'run' | 'calledAs'> {
  run(call: OperatorCall): Promise<number>;
}

export interface OperatorCall extends Given {
  readonly client: ControlPlaneClient;
  readonly terminal: Terminal;
  readonly surroundings: Surroundings;
}

/** The environment of a command. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly directory: string;
  /** Emits `SIGINT` on Ctrl-C. */
  readonly signals: EventEmitter;
  /** The user's time zone. Defaults to the process's time zone. */
  readonly timeZone?: string;
  now(): number;
  /** Throws if the signal aborts first. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

export const REAL_SURROUNDINGS: Surroundings = {
  env: process.env,
  directory: process.cwd(),
  signals: process,
  now: Date.now,
  pause: (ms, signal) => delay(ms, undefined, { signal }),
};

const JSON_OPTION: Option = { name: 'json', text: 'write JSON, one object per line, including errors' };

const EXIT_CODES = `Exit codes: 0 success; 1 failed or refused; 2 incorrect usage, nothing was done; 3 the
Control Plane does not respond or refuses the API key; 130 Ctrl-C.`;

/** Adds what all operator commands share: the connection, `--json` and the exit codes. */
export function asCommand(
  command: OperatorCommand,
  terminal: Terminal,
  surroundings: Surroundings = REAL_SURROUNDINGS,
): Command {
  return {
    ...command,
    options: [...command.options, JSON_OPTION, ...CONNECTION_OPTIONS],
    notes: [command.notes, EXIT_CODES].filter(Boolean).join('\n\n'),
    run: async (input) => {
      let client: ControlPlaneClient | undefined;
      return command.run({
        ...input,
        terminal,
        surroundings,
        // Connects only on first use, because not every command needs a Control Plane.
        get client() {
          return (client ??= connect(input, surroundings, terminal));
        },
      });
    },
  };
}
