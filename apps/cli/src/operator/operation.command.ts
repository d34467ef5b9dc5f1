import { EXIT, UsageError } from '../command';
import { type Install, type JobView, type PlanView, type TenantView } from '../control-plane/views';
import { followJob } from './follow-job';
import { type Operation } from './operations';
import { type OperatorCall, type OperatorCommand } from './operator-command';
import { type Option, bodyOf } from './options';
import { type Subject, findSubject } from './subject';
import { installText, keyText, linkText, planText } from './answer-text';

const NO_WAIT: Option = { name: 'no-wait', text: 'do not watch the job' };
const DRY_RUN: Option = { name: 'dry-run', text: 'show the steps, and change nothing' };
const CONFIRM: Option = {
  ...{ name: 'confirm', value: '<slug>', isRequired: true },
  text: 'the same tenant once more, by its slug',
};

/** What an operation may be answered with. */
interface Answer {
  readonly job?: JobView;
  readonly tenant?: TenantView;
  readonly install?: Install | null;
  readonly url?: string;
  readonly key?: string;
  readonly expires_at?: string;
}

/** The command of a row of {@link OPERATIONS}. */
export function operationCommand(operation: Operation): OperatorCommand {
  const { name, summary, about, subject, confirm, canRehearse } = operation;
  return {
    ...{ name, summary, about, operand: subject },
    options: [
      ...operation.options,
      ...(confirm ? [CONFIRM] : []),
      ...(canRehearse ? [DRY_RUN] : []),
      NO_WAIT,
    ],
    run: (call) => perform(operation, call),
  };
}

async function perform(operation: Operation, call: OperatorCall): Promise<number> {
  const { client, values, operand, terminal, isJson } = call;
  const subject = operation.subject && (await findSubject(client, operation.subject, operand));
  const path = operation.path.replace(':id', subject?.id ?? '');
  const given = { ...bodyOf(operation.options, values), ...confirmation(operation, call, subject) };
  const { method = 'POST' } = operation;
  const body = method === 'DELETE' ? undefined : { ...given, ...operation.body };
  if (values['dry-run']) {
    const plan = await client.post<PlanView>(`${path}?dry_run=true`, body);
    terminal.out(isJson ? `${JSON.stringify(plan)}\n` : planText(plan));
    return EXIT.done;
  }
  const answer = (await client.send<Answer | null>(method, path, body)) ?? {};
  show(answer, operation, call);
  if (!answer.job) return EXIT.done;
  const { id, operation: started } = answer.job;
  if (values['no-wait']) {
    if (!isJson) terminal.out(`Accepted. Watch it: atlas job ${id}\n`);
    return EXIT.done;
  }
  const slug = answer.tenant?.slug;
  const title = slug && `${started} ${slug}`;
  const code = await followJob(call, { id, title, goal: operation.goal ?? 'succeeded' });
  if (code === EXIT.done && operation.next && !isJson)
    terminal.out(`Next: atlas ${operation.next} ${slug}\n`);
  return code;
}

function confirmation({ confirm }: Operation, { values }: OperatorCall, subject?: Subject): object {
  if (!confirm) return {};
  if (values['confirm'] !== subject?.name)
    throw new UsageError(
      `--confirm is "${values['confirm']}", the tenant is "${subject?.name}": nothing was done.`,
    );
  return { [confirm]: values['confirm'] };
}

function show(answer: Answer, { link, done }: Operation, { terminal, isJson }: OperatorCall): void {
  const { job, install, url, key, expires_at: expiresAt } = answer;
  if (isJson) terminal.out(`${JSON.stringify(job ? { event: 'accepted', ...answer } : answer)}\n`);
  else {
    if (install) terminal.out(installText(install));
    if (url && expiresAt) terminal.out(linkText(url, expiresAt, link));
    if (key && expiresAt) terminal.out(keyText(key, expiresAt));
    if (!job && !install && !expiresAt) terminal.out(`${done ?? 'Accepted.'}\n`);
  }
}
