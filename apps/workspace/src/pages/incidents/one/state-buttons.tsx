import { Alert, Button, Group, Modal, Stack, Textarea } from '@mantine/core';
import { bodyOf, sendByKey, wrongOf, usePageKeys } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../../api';
import { ChangeProblem } from '../../../incidents/change-problem';
import { type Incident, LONGEST_TEXT, type Status, TRANSITIONS } from '../../../incidents/incident';
import { type ChangeIncident } from '../../../incidents/use-incident';

interface Changed {
  readonly incident: Incident;
  readonly change: ChangeIncident;
}

/** The states that may follow. */
export function StateButtons({ incident, change }: Changed) {
  const [asked, setAsked] = useState<'resolved' | 'closed' | null>(null);
  const go = (status: Status): void => {
    const needsNotes = status === 'closed' && !incident.resolution_notes;
    if (status === 'resolved' || needsNotes) {
      change.reset();
      setAsked(status === 'resolved' ? status : 'closed');
    } else change.mutate({ status });
  };
  const goByKey = (status: Status): void => {
    const isNext = TRANSITIONS[incident.status].some(({ to }) => to === status);
    if (isNext && !change.isPending) go(status);
  };
  usePageKeys({
    e: () => goByKey('acknowledged'),
    i: () => goByKey('investigating'),
    r: () => goByKey('resolved'),
  });
  return (
    <Group gap="xs">
      {TRANSITIONS[incident.status].map(({ to, label }, index) => (
        <Button
          key={to}
          size="xs"
          variant={index === 0 ? 'filled' : 'default'}
          loading={change.isPending && change.variables.status === to}
          disabled={change.isPending}
          onClick={() => go(to)}
        >
          {label}
        </Button>
      ))}
      {asked !== null && (
        <EndDialog incident={incident} change={change} status={asked} onClose={() => setAsked(null)} />
      )}
    </Group>
  );
}

interface EndDialogProps extends Changed {
  readonly status: 'resolved' | 'closed';
  readonly onClose: () => void;
}

function EndDialog({ incident, change, status, onClose }: EndDialogProps) {
  const [notes, setNotes] = useState(incident.resolution_notes ?? '');
  const [cause, setCause] = useState(incident.root_cause ?? '');
  const isClosing = status === 'closed';
  const verb = isClosing ? 'Close' : 'Resolve';
  const wrong = wrongOf(change.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const changed = {
      status,
      ...(notes.trim() && notes !== incident.resolution_notes && { resolution_notes: notes }),
      ...(cause.trim() && cause !== incident.root_cause && { root_cause: cause }),
    };
    change.mutate(changed, { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} title={`${verb} ${incident.number}`}>
      <Stack component="form" onSubmit={submit} onKeyDown={sendByKey}>
        <StillFiring id={incident.id} />
        <Textarea
          label="Resolution notes"
          description={
            isClosing
              ? 'What was done. Needed before an incident can be closed.'
              : 'What was done. The reporter sees this text.'
          }
          required={isClosing}
          data-autofocus
          autosize
          minRows={3}
          maxLength={LONGEST_TEXT}
          value={notes}
          onChange={(event) => setNotes(event.currentTarget.value)}
          error={wrong('resolution_notes')}
        />
        <Textarea
          label="Root cause"
          description="Why it happened, if you know."
          autosize
          minRows={2}
          maxLength={LONGEST_TEXT}
          value={cause}
          onChange={(event) => setCause(event.currentTarget.value)}
          error={wrong('root_cause')}
        />
        <ChangeProblem error={change.error} status={incident.status} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={change.isPending}>
            {verb}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function StillFiring({ id }: { readonly id: string }) {
  const { data } = useQuery({
    queryKey: ['alerts', 'firing', id],
    queryFn: () =>
      bodyOf(api.GET('/api/alerts', { params: { query: { incident_id: id, status: 'firing', limit: 50 } } })),
  });
  const count = data?.items.length ?? 0;
  if (count === 0) return null;
  const many =
    count === 1 ? '1 alert still fires' : `${count}${data?.next_cursor ? '+' : ''} alerts still fire`;
  return <Alert color="orange">{many}. The incident stays resolved, but fix the cause.</Alert>;
}
