import { Group, Text } from '@mantine/core';
import { StateBadge, When } from '@atlas/web';
import { TextLink } from '../parts/links';
import { type Job } from '../parts/types';
import { currentStep, isLive, isRollbackNext, isUndoing, isUndone } from './job-facts';

/** What a job does now, in a badge and a sentence. */
export function JobState({ job }: { readonly job: Job }) {
  return (
    <Group gap="sm">
      <JobBadge job={job} />
      <Text fw={600}>
        <Sentence job={job} />
      </Text>
    </Group>
  );
}

/** Says more than the job's status: what happens while it is live, and how it ended. */
export function JobBadge({ job }: { readonly job: Job }) {
  return <StateBadge state={shownStateOf(job)} />;
}

function shownStateOf(job: Job): string {
  if (isUndoing(job)) return 'undoing';
  if (job.status === 'waiting' && isTryingAgain(job)) return 'trying_again';
  if (job.status !== 'cancelled') return job.status;
  if (isReplaced(job)) return 'replaced';
  return isUndone(job) ? 'undone' : 'stopped';
}

function Sentence({ job }: { readonly job: Job }) {
  const current = currentStep(job);
  const at = current === null ? '' : ` at step ${current.number} of ${job.steps.length}`;
  if (isUndoing(job)) {
    const left = job.steps.filter(({ status }) => status === 'done' || status === 'failed').length;
    return (
      <>Undoing its steps. {left === 0 ? 'It ends soon.' : `${left} ${left === 1 ? 'is' : 'are'} left.`}</>
    );
  }
  if (isLive(job)) return liveText(job, at);
  if (job.status === 'succeeded') return <>Done. Nothing is left to do.</>;
  if (job.status === 'cancelled') return <Ended job={job} at={at} />;
  return (
    <>
      {job.direction === 'undo' ? 'Undoing it failed' : 'Failed'}
      {at}, <When at={job.finished_at} />. {current?.step.error && 'The step says who has to act.'}{' '}
      {isRollbackNext(job) && 'After that, roll back to finish.'}
    </>
  );
}

function liveText(job: Job, at: string): string {
  if (job.status === 'queued') return 'It has not started yet. It starts automatically.';
  if (isTryingAgain(job)) return `The last attempt failed${at}. It tries again automatically.`;
  return job.status === 'waiting' ? `Waiting${at}. The step says for what.` : `Running${at}.`;
}

function Ended({ job, at }: { readonly job: Job; readonly at: string }) {
  if (isReplaced(job))
    return (
      <>
        Another operation took over, so nobody has to act.{' '}
        {job.tenant_id !== null && (
          <TextLink to="/jobs" search={{ tenant_id: job.tenant_id }}>
            Show the tenant’s jobs
          </TextLink>
        )}
      </>
    );
  if (isUndone(job))
    return (
      <>
        All its steps were undone <When at={job.finished_at} />.
      </>
    );
  return (
    <>
      Stopped{at}, <When at={job.finished_at} />. {LEFT_BEHIND[job.operation] ?? 'Retry it to continue.'}
    </>
  );
}

/** What a stopped job leaves, and what to do about it. */
const LEFT_BEHIND: { readonly [Operation in Job['operation']]?: string } = {
  provision: 'Nobody can use the tenant. Retry the job, or roll it back.',
  deprovision: 'Users are refused. Retry continues the removal, and rolling back undoes what it can.',
  upgrade_wave: 'No further upgrade starts. Retry it to continue.',
};

function isTryingAgain(job: Job): boolean {
  return currentStep(job)?.step.error?.class === 'retry';
}

function isReplaced({ error }: Job): boolean {
  return error?.code === 'superseded';
}
