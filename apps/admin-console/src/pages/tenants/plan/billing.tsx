import { Button, Group, Radio, Stack, Text } from '@mantine/core';
import { ProblemAlert, Section, StateBadge, When, bodyOf, oneOf, onceKey, useNow } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../../api';
import { forgetLists, keepJob } from '../../../jobs/use-job';
import { useMayChange } from '../../../parts/access';
import { Dialog } from '../../../parts/dialog';
import { type Tenant } from '../../../parts/types';

const STATES = ['ok', 'past_due', 'suspended'] as const;
type State = Tenant['billing']['state'];

const LABELS: Readonly<Record<State, string>> = {
  ok: 'Paid',
  past_due: 'Past due',
  suspended: 'Suspended',
};
const MEANINGS: Readonly<Record<State, string>> = {
  ok: 'Everything works. A tenant that was suspended for its bill is resumed.',
  past_due:
    'Everything works for 14 days. Then SLOs, runbooks and AI can be read but not changed. A second unpaid ' +
    'bill does not restart the 14 days.',
  suspended: 'A job suspends the tenant: its users are refused, and its data stays.',
};

/** Whether the tenant's bill is paid, and what follows from it. */
export function Billing({ tenant }: { readonly tenant: Tenant }) {
  const [isChanging, setChanging] = useState(false);
  const mayChange = useMayChange();
  return (
    <Section
      title="Bill"
      actions={
        mayChange &&
        tenant.status !== 'deleted' && (
          <Button variant="default" size="xs" onClick={() => setChanging(true)}>
            Change the state of the bill
          </Button>
        )
      }
    >
      <Group gap="sm">
        <StateBadge state={tenant.billing.state === 'ok' ? 'paid' : tenant.billing.state} />
        <Text size="sm">
          <Sentence billing={tenant.billing} />
        </Text>
      </Group>
      {isChanging && <BillDialog tenant={tenant} onClose={() => setChanging(false)} />}
    </Section>
  );
}

function Sentence({ billing }: { readonly billing: Tenant['billing'] }) {
  const { state, past_due_since: since, read_only_from: end } = billing;
  const now = useNow(60_000);
  if (state === 'ok') return <>No bill is unpaid.</>;
  if (state === 'suspended')
    return (
      <>
        A bill has been unpaid since <When at={since} />, and users are refused.
      </>
    );
  const isOver = end !== null && Date.parse(end) <= now;
  return (
    <>
      A bill has been unpaid since <When at={since} />. SLOs, runbooks and AI{' '}
      {isOver ? 'can only be read since' : 'become read-only'} <When at={end} />.
    </>
  );
}

interface BillDialogProps {
  readonly tenant: Tenant;
  readonly onClose: () => void;
}

function BillDialog({ tenant, onClose }: BillDialogProps) {
  const [state, setState] = useState<State>(tenant.billing.state);
  const [once, setOnce] = useState(onceKey);
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      bodyOf(
        api.POST('/api/tenants/{id}/billing-state', {
          params: { path: { id: tenant.id } },
          headers: once,
          body: { state },
        }),
      ),
    onSuccess: ({ job }) => {
      if (job !== null) keepJob(client, job);
      forgetLists(client);
      onClose();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog title={`Bill of ${tenant.name}`} onClose={onClose}>
      <Stack component="form" onSubmit={submit}>
        <Radio.Group
          label="State"
          value={state}
          onChange={(value) => {
            setState(oneOf(STATES, value) ?? state);
            // Another choice is another intention.
            setOnce(onceKey());
          }}
        >
          <Stack gap="xs" mt="xs">
            {STATES.map((one) => (
              <Radio key={one} value={one} label={LABELS[one]} description={MEANINGS[one]} />
            ))}
          </Stack>
        </Radio.Group>
        <ProblemAlert error={save.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button type="submit" color={state === 'suspended' ? 'red' : 'indigo'} loading={save.isPending}>
            {state === 'suspended' ? 'Suspend the tenant' : 'Save'}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
