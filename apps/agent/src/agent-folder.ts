import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type StepFailureCode } from '@atlas/tenant-api/agents';
import { removeDurably, writeDurably } from './durable-file';
import { AgentFailure } from './failure';

export const DEFAULT_FOLDER = '/var/lib/atlas-agent';

export interface Enrolment {
  readonly url: string;
  /** Where the tenant is about to move. */
  readonly next_url: string | null;
  readonly agent_id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The path of a PEM file. */
  readonly ca_file: string | null;
}

export type StepResult = { readonly exit_code: number } | { readonly error: StepFailureCode };

/** The step under way. It is on disk before its command starts, until the plane has answered its result. */
export interface StoredStep {
  readonly lease_id: string;
  readonly job_id: string;
  readonly step: string;
  readonly since: string;
  /** The process group of the command. Null if the agent stopped while it started the command. */
  readonly group: number | null;
  /** Null while the command may be running. */
  readonly result: StepResult | null;
}

interface LastContact {
  readonly at: string;
}

const KEY = /^aga_[0-9a-f-]{36}_[\w-]{43}$/;

/** Everything that an agent keeps. Its owner alone may read the folder. */
export class AgentFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** Where commands start. */
  get work(): string {
    return join(this.path, 'work');
  }

  get allowedCommands(): string {
    return join(this.path, 'allowed-commands.json');
  }

  /** Throws {@link AgentFailure} if others may read an existing folder. */
  create(): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    requirePrivate(this.path, '700');
    mkdirSync(this.work, { recursive: true, mode: 0o700 });
  }

  get isEnrolled(): boolean {
    return existsSync(this.file('agent.json'));
  }

  /** Throws {@link AgentFailure} if the agent is not enrolled. */
  enrolment(): Enrolment {
    const hint = `Enrol it: atlas-agent enrol --dir ${this.path} --url <plane> --key-file <file>`;
    if (!this.isEnrolled) throw new AgentFailure(`There is no enrolled agent in ${this.path}.`, hint);
    return this.json<Enrolment>('agent.json', hint);
  }

  /** Throws {@link AgentFailure} if others could have read the key. */
  key(): string {
    const path = this.file('key');
    requirePrivate(path, '600');
    return keyIn(readFileSync(path, 'utf8'), path);
  }

  enrol(enrolment: Enrolment, key: string): void {
    this.create();
    writeDurably(this.file('key'), `${key}\n`);
    this.store(enrolment);
  }

  store(enrolment: Enrolment): void {
    writeDurably(this.file('agent.json'), `${JSON.stringify(enrolment, null, 2)}\n`);
  }

  step(): StoredStep | null {
    if (!existsSync(this.file('state.json'))) return null;
    return this.json<StoredStep>('state.json', 'Remove it. The plane then ends the step as outcome_unknown.');
  }

  storeStep(step: StoredStep): void {
    writeDurably(this.file('state.json'), JSON.stringify(step));
  }

  forgetStep(): void {
    removeDurably(this.file('state.json'));
  }

  /** Only for `status`, so it need not survive a crash, and a full disk must not stop the agent. */
  recordContact(at: Date): void {
    const contact: LastContact = { at: at.toISOString() };
    try {
      writeFileSync(this.file('contact.json'), JSON.stringify(contact), { mode: 0o600 });
    } catch {
      // Then `status` shows an earlier contact, or none.
    }
  }

  lastContact(): Date | null {
    try {
      const { at } = JSON.parse(readFileSync(this.file('contact.json'), 'utf8')) as LastContact;
      return new Date(at);
    } catch {
      return null;
    }
  }

  private file(name: string): string {
    return join(this.path, name);
  }

  private json<T>(name: string, hint: string): T {
    try {
      return JSON.parse(readFileSync(this.file(name), 'utf8')) as T;
    } catch (error) {
      throw new AgentFailure(`${this.file(name)} cannot be read: ${(error as Error).message}`, hint);
    }
  }
}

/** Throws {@link AgentFailure}. Never repeats the text, because it may be a secret. */
export function keyIn(text: string, source: string): string {
  const key = text.trim();
  if (KEY.test(key)) return key;
  throw new AgentFailure(
    `${source} does not contain the key of an agent (aga_…).`,
    "Copy the key from the answer to POST /api/agents, or rotate the agent's key to get a new one.",
  );
}

function requirePrivate(path: string, mode: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new AgentFailure(`${path} is missing.`, 'Enrol the agent again.');
  if ((stats.mode & 0o077) === 0) return;
  throw new AgentFailure(`Other users may read ${path}.`, `Allow only its owner: chmod ${mode} ${path}`);
}
