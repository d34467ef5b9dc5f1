import { Button, Group, Stack, Table, Text } from '@mantine/core';
import { Confirm, Page, StateBadge, When } from '@atlas/web';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api';
import { useMayChange } from '../../parts/access';
import { Deliveries } from './deliveries';
import { EVENT_NAMES, SUBSCRIPTIONS, type Subscription, hostOf, subscriptions } from './subscription';
import { Subscribe } from './subscribe';

/** Which other systems learn what happens here. */
export function Events() {
  return useMayChange() ? (
    <AdminsPage />
  ) : (
    <Page title="Events" about="Only owners and admins see and change which systems are told what happens." />
  );
}

function AdminsPage() {
  const { data, error, isPending } = useQuery(subscriptions);
  const [isAdding, setAdding] = useState(false);
  return (
    <Page
      title="Events"
      about="Other systems, such as a chat or an on-call service, are told what happens here, by signed
        webhooks."
      actions={<Button onClick={() => setAdding(true)}>Subscribe</Button>}
      error={error}
      isLoading={isPending}
    >
      {data?.length === 0 && (
        <Text c="dimmed">
          No system is told yet. Subscribe one to hear of failed jobs and offline planes.
        </Text>
      )}
      {data && data.length > 0 && (
        <Table.ScrollContainer minWidth={700}>
          <Table verticalSpacing="sm">
            <Table.Thead>
              <Table.Tr>
                {['System', 'Events', 'State', 'Waiting', 'Added', ''].map((name) => (
                  <Table.Th key={name}>{name}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.map((subscription) => (
                <SubscriptionRow key={subscription.id} subscription={subscription} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {isAdding && <Subscribe onClose={() => setAdding(false)} />}
    </Page>
  );
}

function SubscriptionRow({ subscription }: { readonly subscription: Subscription }) {
  const [open, setOpen] = useState<'deliveries' | 'delete' | null>(null);
  const { description, events, waiting, skipped, skipped_at: skippedAt } = subscription;
  const host = hostOf(subscription);
  const close = (): void => setOpen(null);
  return (
    <Table.Tr>
      <Table.Td>
        {description ?? host}
        <Text size="xs" c="dimmed">
          {host}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text size="xs">{events.map((type) => EVENT_NAMES[type]).join(', ')}</Text>
      </Table.Td>
      <Table.Td>
        <State subscription={subscription} />
      </Table.Td>
      <Table.Td>
        {waiting}
        {skipped > 0 && (
          <Text size="xs" c="orange">
            {skipped} left out, the last <When at={skippedAt} />
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <When at={subscription.created_at} />
      </Table.Td>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <Button
            variant="default"
            size="compact-xs"
            aria-label={`Deliveries to ${description ?? host}`}
            onClick={() => setOpen('deliveries')}
          >
            Deliveries
          </Button>
          <Button
            variant="default"
            size="compact-xs"
            aria-label={`Delete ${description ?? host}`}
            onClick={() => setOpen('delete')}
          >
            Delete
          </Button>
        </Group>
        {open === 'deliveries' && <Deliveries subscription={subscription} onClose={close} />}
        {open === 'delete' && <DeleteDialog subscription={subscription} onClose={close} />}
      </Table.Td>
    </Table.Tr>
  );
}

function State({ subscription: { disabled_at: disabled } }: { readonly subscription: Subscription }) {
  if (disabled === null) return <StateBadge state="active" />;
  return (
    <Stack gap={2}>
      <StateBadge state="stopped" />
      <Text size="xs">
        It answered 410 (gone) <When at={disabled} />. Delete it, and subscribe again.
      </Text>
    </Stack>
  );
}

interface DeleteDialogProps {
  readonly subscription: Subscription;
  readonly onClose: () => void;
}

function DeleteDialog({ subscription, onClose }: DeleteDialogProps) {
  const client = useQueryClient();
  const path = { id: subscription.id };
  const remove = useMutation({
    mutationFn: () => api.DELETE('/api/event-subscriptions/{id}', { params: { path } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: SUBSCRIPTIONS });
      onClose();
    },
  });
  return (
    <Confirm
      title={`Delete ${subscription.description ?? hostOf(subscription)}?`}
      verb="Delete"
      error={remove.error}
      isPending={remove.isPending}
      onConfirm={remove.mutate}
      onClose={onClose}
    >
      <Text size="sm">
        Nothing more is sent to it. Its secret and the list of what was sent are deleted, too.
      </Text>
    </Confirm>
  );
}
