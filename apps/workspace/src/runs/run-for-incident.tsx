import { Button, Group, List, Loader, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { ProblemAlert, bodyOf } from '@atlas/web';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api';
import { PageLink } from '../links';
import { useBarrier } from '../plan/entitlements';
import { PlanNotice } from '../plan/plan-notice';
import { useMay } from '../session';

const MOST = 200;
/** Fewer need no search. */
const MANY = 8;

/** Chooses a runbook to run for an incident. */
export function RunForIncident({ id }: { readonly id: string }) {
  const isOperator = useMay('operator');
  const [isOpen, { open, close }] = useDisclosure();
  const barrier = useBarrier('runbooks');
  if (!isOperator) return null;
  if (barrier !== null) return <PlanNotice module="runbooks" />;
  return (
    <Group>
      <Button size="compact-sm" variant="default" onClick={open}>
        Run a runbook
      </Button>
      <Modal opened={isOpen} onClose={close} title="Which runbook?">
        {isOpen && <Choice incidentId={id} />}
      </Modal>
    </Group>
  );
}

function Choice({ incidentId }: { readonly incidentId: string }) {
  const [text, setText] = useState('');
  const { data, error } = useQuery({
    queryKey: ['runbooks', 'choice'],
    queryFn: () => bodyOf(api.GET('/api/runbooks', { params: { query: { limit: MOST } } })),
  });
  if (error) return <ProblemAlert error={error} />;
  if (!data) return <Loader size="sm" aria-label="Loading" />;
  const wanted = text.trim().toLowerCase();
  const found = data.items.filter(({ name }) => name.toLowerCase().includes(wanted));
  return (
    <Stack>
      {data.items.length >= MANY && (
        <TextInput
          label="Search"
          type="search"
          data-autofocus
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      )}
      {data.items.length === 0 && (
        <Text size="sm">
          No runbook yet.{' '}
          <PageLink to="/runbooks/new" size="sm">
            Write one
          </PageLink>
        </Text>
      )}
      {data.items.length > 0 && found.length === 0 && <Text size="sm">No runbook has this name.</Text>}
      <List spacing="xs" listStyleType="none">
        {found.map(({ id, name, description }) => (
          <List.Item key={id}>
            <PageLink to="/runbooks/$id/run" params={{ id }} search={{ incident_id: incidentId }}>
              {name}
            </PageLink>
            {description && (
              <Text size="xs" c="dimmed" lineClamp={2}>
                {description}
              </Text>
            )}
          </List.Item>
        ))}
      </List>
      <Text size="xs" c="dimmed">
        You see what it will do before anything starts.
      </Text>
    </Stack>
  );
}
