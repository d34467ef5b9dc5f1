import { type AgentFolder, type StoredStep } from './agent-folder';
import { AllowList } from './allow-list';
import { beatOf } from './agent-run';
import { printable } from './log';
import { PlaneClient } from './plane-client';
import { isKeyRefused } from './retry-delay';
import { RunLock } from './run-lock';
import { VERSION } from './version';

export interface AgentStatus {
  readonly version: string;
  readonly folder: string;
  readonly url: string;
  readonly agent_id: string;
  readonly plane: 'answers' | 'refuses_key' | 'unreachable';
  /** Why the plane cannot be used. */
  readonly detail: string | null;
  /** The process of `run`. */
  readonly running_pid: number | null;
  readonly last_contact_at: string | null;
  readonly step: StoredStep | null;
  readonly allowed_commands: readonly string[];
  /** Why nothing is allowed. */
  readonly allow_list_problem: string | null;
}

/**
 * Asks the plane with a heartbeat, which extends no lease. Throws AgentFailure if the agent is not enrolled.
 */
export async function statusOf(folder: AgentFolder): Promise<AgentStatus> {
  const enrolment = folder.enrolment();
  const { url, agent_id, ca_file: caFile } = enrolment;
  const client = new PlaneClient({ url, key: folder.key(), caFile, onMoved: () => undefined });
  const contact = await client.heartbeat(beatOf(enrolment, [])).then(
    () => ({ plane: 'answers', detail: null }) as const,
    (error: Error) =>
      ({ plane: isKeyRefused(error) ? 'refuses_key' : 'unreachable', detail: error.message }) as const,
  );
  const list = AllowList.read(folder.allowedCommands);
  return {
    version: VERSION,
    folder: folder.path,
    url,
    agent_id,
    ...contact,
    running_pid: RunLock.holder(folder.path)?.pid ?? null,
    last_contact_at: folder.lastContact()?.toISOString() ?? null,
    step: folder.step(),
    allowed_commands: list.lines,
    allow_list_problem: list.problem,
  };
}

export function statusText(status: AgentStatus): string {
  const { plane, detail, running_pid, last_contact_at, step, allowed_commands, allow_list_problem } = status;
  const planes = {
    answers: 'answers and accepts the key',
    refuses_key: 'refuses the key: rotate it, and enrol with the new key',
    unreachable: `cannot be reached: ${printable(detail ?? '')}`,
  };
  const rows = [
    ['atlas-agent', status.version],
    ['folder', status.folder],
    ['agent', status.agent_id],
    ['plane', `${status.url} ${planes[plane]}`],
    ['run', running_pid === null ? 'not running: start it with "atlas-agent run"' : `process ${running_pid}`],
    ['last contact', last_contact_at ?? 'none'],
    ['step', step ? stepText(step) : 'none under way'],
    [
      'may run',
      allow_list_problem === null ? allowedText(allowed_commands) : `nothing: ${allow_list_problem}`,
    ],
  ];
  return rows.map(([name = '', text = '']) => `${name.padEnd(13)} ${text}\n`).join('');
}

function stepText({ step, job_id, since, result }: StoredStep): string {
  const state = result === null ? `since ${since}` : 'has ended, and its result is not delivered yet';
  return printable(`"${step}" of run ${job_id}, ${state}`);
}

function allowedText(commands: readonly string[]): string {
  return commands.length === 0 ? 'nothing: the list is empty' : commands.join(`\n${' '.repeat(14)}`);
}
