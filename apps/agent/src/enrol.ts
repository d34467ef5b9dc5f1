import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { type AgentFolder, type Enrolment, keyIn } from './agent-folder';
import { beatOf, requireLock } from './agent-run';
import { AgentFailure, EXIT, UsageError } from './failure';
import { PlaneClient, addressIn } from './plane-client';
import { isKeyRefused } from './retry-delay';

export interface EnrolOptions {
  readonly url: string;
  readonly keyFile: string | null;
  readonly caFile: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly isForced: boolean;
}

/** Stores an agent's key once the plane has accepted it. Throws {@link AgentFailure}. */
export async function enrol(folder: AgentFolder, options: EnrolOptions): Promise<Enrolment> {
  const url = addressIn(options.url);
  const key = await readKey(options.keyFile);
  const caFile = options.caFile === null ? null : resolve(options.caFile);
  folder.create();
  const lock = requireLock(folder);
  try {
    let current = url;
    const plane = new PlaneClient({ url, key, caFile, onMoved: (moved) => (current = moved) });
    const { agent_id } = await plane.heartbeat(beatOf(options, [])).catch(refused);
    if (folder.isEnrolled && !options.isForced) requireSame(folder, agent_id);
    const enrolment = { url: current, agent_id, labels: options.labels, ca_file: caFile };
    folder.enrol(enrolment, key);
    return enrolment;
  } finally {
    lock.release();
  }
}

/** Keys are never arguments, which every user of the machine can read. */
async function readKey(file: string | null): Promise<string> {
  if (file !== null) return keyIn(contentOf(file), file);
  const inEnvironment = process.env['ATLAS_AGENT_KEY'];
  if (inEnvironment !== undefined) return keyIn(inEnvironment, 'ATLAS_AGENT_KEY');
  if (process.stdin.isTTY) process.stderr.write("Paste the agent's key, and press Enter and Ctrl-D:\n");
  return keyIn(await text(process.stdin), 'The standard input');
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`The key cannot be read: ${(error as Error).message}`, 'Check --key-file.');
  }
}

function requireSame(folder: AgentFolder, agentId: string): void {
  const known = folder.enrolment().agent_id;
  if (known === agentId) return;
  throw new AgentFailure(
    `The folder ${folder.path} belongs to agent ${known}, and the key to agent ${agentId}.`,
    'Use another --dir, or replace the agent in this folder with --force.',
  );
}

export function refused(error: Error): never {
  throw isKeyRefused(error)
    ? new AgentFailure(
        'The plane refuses the key.',
        "Rotate the agent's key, and enrol with it.",
        EXIT.noAccess,
      )
    : new AgentFailure(error.message, 'Check the address, and the way to it.', EXIT.noAccess);
}
