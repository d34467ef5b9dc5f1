import { Button, Group, List, Stack, Text } from '@mantine/core';
import { ProblemAlert, bodyOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Dialog } from '../parts/dialog';
import { useState } from 'react';
import { api } from '../api';
import { useMayChange } from '../parts/access';
import { type Job } from '../parts/types';
import { cancellingOf, currentStep, isFinal, isLeft, isLive, isRollbackNext, isUndoing } from './job-facts';
import { textOfStep } from './step-texts';
import { forgetLists, keepJob } from './use-job';

type Action = 'retry' | 'rollback' | 'cancel';

/** The buttons that retry, roll back or cancel a job. */
export function JobActions({ job }: { readonly job: Job }) {
  const mayChange = useMayChange();
  const [action, setAction] = useState<Action | null>(null);
  if (!mayChange || job.status === 'succeeded') return null;
  const cancelling = cancellingOf(job);
  if (isUndoing(job) && cancelling.isUndo) return null;
  const isUndoNext = isRollbackNext(job);
  const isRetryNext = !isUndoNext && job.error?.code !== 'superseded';
  const canUndo = isLeft(job) && !isFinal(job);
  // A tenant whose provisioning was undone is gone.
  const canGoOn = isLeft(job) || job.operation !== 'provision';
  return (
    <Group gap="xs">
      {isLive(job) ? (
        <Button variant="default" size="xs" onClick={() => setAction('cancel')}>
          {cancelling.verb}
        </Button>
      ) : (
        <>
          {canGoOn && (
            <Button size="xs" variant={isRetryNext ? 'filled' : 'default'} onClick={() => setAction('retry')}>
              Retry
            </Button>
          )}
          {canUndo && (
            <Button
              size="xs"
              variant={isUndoNext ? 'filled' : 'default'}
              onClick={() => setAction('rollback')}
            >
              Roll back
            </Button>
          )}
        </>
      )}
      {action !== null && <ActionDialog job={job} action={action} onClose={() => setAction(null)} />}
    </Group>
  );
}

interface ActionDialogProps {
  readonly job: Job;
  readonly action: Action;
  readonly onClose: () => void;
}

function ActionDialog({ job, action, onClose }: ActionDialogProps) {
  const client = useQueryClient();
  const act = useMutation({
    mutationFn: () => call(action, job.id),
    onSuccess: ({ job: changed }) => {
      keepJob(client, changed);
      forgetLists(client);
      onClose();
    },
    // The job has changed since the page showed it.
    onError: () => client.invalidateQueries({ queryKey: ['job', job.id] }),
  });
  const verb = action === 'cancel' ? cancellingOf(job).verb : action === 'retry' ? 'Retry' : 'Roll back';
  return (
    <Dialog onClose={onClose} title={`${verb}?`}>
      <Stack>
        {action === 'retry' && <RetryText job={job} />}
        {action === 'rollback' && <RollbackText job={job} />}
        {action === 'cancel' && <Text size="sm">{cancellingOf(job).about}</Text>}
        <ProblemAlert error={act.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Back
          </Button>
          <Button
            color={action === 'retry' ? undefined : 'red'}
            loading={act.isPending}
            onClick={() => act.mutate()}
          >
            {verb}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

function call(action: Action, id: string) {
  const params = { path: { id } };
  if (action === 'retry') return bodyOf(api.POST('/api/provisioning-jobs/{id}/retry', { params }));
  if (action === 'rollback') return bodyOf(api.POST('/api/provisioning-jobs/{id}/rollback', { params }));
  return bodyOf(api.POST('/api/provisioning-jobs/{id}/cancel', { params }));
}

function RetryText({ job }: { readonly job: Job }) {
  const current = currentStep(job);
  return (
    <Text size="sm">
      Has the cause been fixed? The job continues
      {current === null ? '' : ` at step ${current.number}: ${textOfStep(current.step.name)}`}.
    </Text>
  );
}

function RollbackText({ job }: { readonly job: Job }) {
  const done = job.steps.filter(({ status }) => status === 'done').reverse();
  return (
    <Stack gap="xs">
      <Text size="sm">
        {done.length === 0
          ? 'No step is done, so nothing has to be undone.'
          : 'These steps are undone, in this order:'}
      </Text>
      <List type="ordered" size="sm">
        {done.map(({ name }) => (
          <List.Item key={name}>{textOfStep(name)}</List.Item>
        ))}
      </List>
      {job.operation === 'provision' && (
        <Text size="sm">The tenant is removed and its slug is free again.</Text>
      )}
    </Stack>
  );
}
