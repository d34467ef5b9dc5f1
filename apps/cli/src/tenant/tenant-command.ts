import { type AnswerOf, type ItemOf, type Json, type ListsOf } from '@atlas/platform';
import { type Command, type Terminal } from '../command';
import { EXIT } from '../failure';
import { connectionOf } from '../operator/connection';
import { inOptions } from '../operator/in-options';
import { LIMIT, showList } from '../operator/list-output';
import { note } from '../operator/note';
import { type Given, type Operand, type Option, bodyOf } from '../options';
import { type Column, tableText } from '../text';
import { interruptible } from './interruptible';
import { type TenantApi, type TenantCall, type TenantClient } from '../tenant-client/tenant-client';
import { JSON_OPTION, SESSION_OPTIONS, TenantSession } from './tenant-session';
import { viewText } from './view-text';

/** What a command has to do its work with. */
interface TenantCommandCall extends Given {
  readonly client: TenantClient;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** A command for a tenant's operators. */
export interface TenantCommand extends Omit<Command, 'run' | 'calledAs'> {
  /** What it sends, with its options as fields. */
  readonly operation?: TenantCall;
  run(call: TenantCommandCall): Promise<number>;
}

const NEWEST = 50;

type Described = Omit<TenantCommand, 'run' | 'options' | 'operation'> & {
  readonly options?: readonly Option[];
};

export type Item<Key extends TenantCall> = Json<ItemOf<TenantApi[Key]>>;
type View<Key extends TenantCall> = Json<AnswerOf<TenantApi[Key]>>;

/** A command that shows a list, newest first. */
export function lists<Key extends ListsOf<TenantApi>>(
  operation: Key,
  what: string,
  { columns, options = [], ...described }: Described & { readonly columns: readonly Column<Item<Key>>[] },
): TenantCommand {
  return {
    ...described,
    operation,
    options: [...options, { ...LIMIT, default: String(NEWEST) }],
    run: (call) => {
      const items = call.client.list(operation, bodyOf(options, call.values));
      return showList(call, columns, items, { what, limit: NEWEST });
    },
  };
}

/** A list that belongs to what a command shows. */
export interface Part {
  read(client: TenantClient, id: string): Promise<{ readonly members: object; readonly text: string }>;
}

/** `name` is the list's name in the JSON output. */
export function part<Key extends ListsOf<TenantApi>>(
  name: string,
  operation: Key,
  columns: readonly Column<Item<Key>>[],
): Part {
  return {
    async read(client, id) {
      const items: Item<Key>[] = [];
      for await (const item of client.list(operation, {}, { path: { id } })) items.push(item);
      return { members: { [name]: items }, text: tableText(columns, items) };
    },
  };
}

/** A command that sends a request and shows the response, or says what was done. */
export function sends<Key extends TenantCall>(
  operation: Key,
  {
    options = [],
    fields = () => ({}),
    text = (view) => viewText(view as object),
    done,
    also,
    ...described
  }: Described & {
    /** Fields in addition to the options. */
    readonly fields?: () => Readonly<Record<string, unknown>>;
    /** `connection`: the options for a command that the text suggests. */
    readonly text?: (view: View<Key>, connection: string) => string;
    /** Shown if the response is empty. */
    readonly done?: string;
    readonly also?: Part;
  },
): TenantCommand {
  return {
    ...described,
    operation,
    options,
    run: async ({ client, operand, values, terminal, isJson }) => {
      const shown = (view: View<Key>): string => text(view, connectionOf(values));
      const view = await client.ask(operation, operand, { ...fields(), ...bodyOf(options, values) });
      const more = await also?.read(client, operand);
      if (isJson) terminal.out(`${JSON.stringify({ ...view, ...more?.members })}\n`);
      else if (view === null) terminal.out(`${done ?? 'Done.'}\n`);
      else terminal.out(more ? `${shown(view)}\n${more.text}` : shown(view));
      return EXIT.done;
    },
  };
}

/** A command that shows a key. Only the key goes to standard output, so that scripts can store it. */
export function makesKey<Key extends TenantCall>(
  operation: Key,
  {
    options = [],
    keyOf,
    hint,
    ...described
  }: Described & {
    readonly keyOf: (view: View<Key>) => string | null;
    /** What to do with the key. */
    readonly hint: (view: View<Key>) => string;
  },
): TenantCommand {
  return {
    ...described,
    operation,
    options,
    run: async (call) => {
      const { client, operand, values, terminal, isJson } = call;
      const view = await client.ask(operation, operand, bodyOf(options, values));
      terminal.out(isJson ? `${JSON.stringify(view)}\n` : `${keyOf(view)}\n`);
      note(call, `The key is shown only now: keep it in a safe place. ${hint(view)}`);
      return EXIT.done;
    },
  };
}

const EXIT_CODES = `Exit codes: 0 success; 1 failed or refused; 2 incorrect usage, nothing was done; 3 the
tenant plane does not respond or refuses the session; 130 Ctrl-C.`;

/** Adds what all commands for a tenant share: the session, `--json` and the exit codes. */
export function asTenantCommand(command: TenantCommand, terminal: Terminal): Command {
  return {
    ...command,
    options: [...command.options, JSON_OPTION, ...SESSION_OPTIONS],
    notes: [command.notes, EXIT_CODES].filter(Boolean).join('\n\n'),
    run: (given) => {
      const session = TenantSession.from(given, terminal);
      const work = interruptible((signal) =>
        command.run({ ...given, terminal, signal, client: session.client(signal) }),
      );
      return work.catch((error: unknown) => {
        throw inOptions(error, command.options, command.operand);
      });
    },
  };
}

export const REVOKE_NOW: Option = {
  name: 'revoke-now',
  field: 'revoke_now',
  text: 'refuse the old key at once',
};

/** `list`: the command that shows the ids. */
export function idOf(what: string, list: string): Operand {
  return { name: 'id', text: `id of ${what}, which "atlas-tp ${list}" shows` };
}
