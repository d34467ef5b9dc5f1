import { type Install, type JobView, type PlanView, type TenantView } from '../control-plane/views';
import { EXIT, UsageError } from '../failure';
import { type Option, bodyOf } from '../options';
import { installText, keyText, linkText, planText, secretText } from './answer-text';
import { connectionOf } from './connection';
import { followJob } from './follow-job';
import { inOptions } from './in-options';
import { type Operation, SUBJECTS } from './operations/operation';
import { type OperatorCall, type OperatorCommand } from './operator-command';
import { type Subject, findSubject } from './subject';

const NO_WAIT: Option = { name: 'no-wait', text: 'do not watch the job' };
const DRY_RUN: Option = { name: 'dry-run', text: 'show the steps without changing anything' };
const CONFIRM: Option = {
  name: 'confirm',
  value: '<slug>',
  isRequired: true,
  text: "the tenant's slug again, as confirmation",
};

/** What the response to an operation may contain. */
interface Answer {
  readonly job?: JobView;
  readonly tenant?: TenantView;
  readonly install?: Install | null;
  readonly url?: string;
  readonly key?: string;
  readonly secret?: string | null;
  readonly expires_at?: string;
}

/** The command for a row in operations/. */
export function operationCommand(operation: Operation): OperatorCommand {
  const { name, group, summary, about, examples, subject, confirm, canRehearse } = operation;
  return {
    name,
    group,
    summary,
    about,
    examples,
    operand: subject && SUBJECTS[subject],
    options: [
      ...operation.options,
      ...(confirm ? [CONFIRM] : []),
      ...(canRehearse ? [DRY_RUN] : []),
      NO_WAIT,
    ],
    run: (call) =>
      perform(operation, call).catch((error: unknown) => {
        throw inOptions(error, operation.options);
      }),
  };
}

async function perform(operation: Operation, call: OperatorCall): Promise<number> {
  const { client, values, operand, terminal, isJson } = call;
  const subject = operation.subject && (await findSubject(client, operation.subject, operand));
  const path = { id: subject?.id ?? '' };
  const given = { ...bodyOf(operation.options, values), ...confirmation(operation, call, subject) };
  const key = operation.operation;
  const body = key.startsWith('DELETE') ? undefined : { ...given, ...operation.body };
  if (key.startsWith('PATCH') && Object.keys(body ?? {}).length === 0)
    throw new UsageError('There is nothing to change. Pass at least one option.');
  if (values['dry-run']) {
    const plan = (await client.call(key, { path, body, query: { dry_run: true } })) as PlanView;
    terminal.out(isJson ? `${JSON.stringify(plan)}\n` : planText(plan));
    return EXIT.done;
  }
  const answer = ((await client.call(key, { path, body })) ?? {}) as Answer;
  show(answer, operation, call);
  if (!answer.job) return EXIT.done;
  const { id, operation: started } = answer.job;
  if (values['no-wait']) {
    if (!isJson) terminal.out(`Accepted. Watch the job: atlas job ${id}${connectionOf(values)}\n`);
    return EXIT.done;
  }
  const slug = answer.tenant?.slug;
  const title = slug && `${started} ${slug}`;
  const code = await followJob(call, { id, title, goal: operation.goal ?? 'succeeded' });
  if (code === EXIT.done && operation.next && !isJson)
    terminal.out(`Next: atlas ${operation.next} ${slug}${connectionOf(values)}\n`);
  return code;
}

function confirmation({ confirm }: Operation, { values }: OperatorCall, subject?: Subject): object {
  if (!confirm) return {};
  if (values['confirm'] !== subject?.name)
    throw new UsageError(`--confirm is "${values['confirm']}", but the tenant is "${subject?.name}".`, {
      hint: 'Nothing was done. Check which tenant you mean.',
    });
  return { [confirm]: values['confirm'] };
}

function show(answer: Answer, { link, done }: Operation, { terminal, isJson }: OperatorCall): void {
  const { job, install, url, key, secret, expires_at: expiresAt } = answer;
  if (isJson) terminal.out(`${JSON.stringify(job ? { event: 'accepted', ...answer } : answer)}\n`);
  else {
    if (install) terminal.out(installText(install));
    if (url && expiresAt) terminal.out(linkText(url, expiresAt, link));
    if (key && expiresAt) terminal.out(keyText(key, expiresAt));
    if (secret) terminal.out(secretText(secret));
    if (!job && !install && !expiresAt) terminal.out(`${done ?? 'Accepted.'}\n`);
  }
}
