import { Button, Group, List, Stack, Table, Text } from '@mantine/core';
import { Confirm, PLAN_NAMES, Page, StateBadge, When } from '@atlas/web';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api';
import { useIsOwner } from '../../parts/access';
import { TextLink } from '../../parts/links';
import { PLAN_CHOICES } from '../../parts/search';
import { AddProvider, EditProvider } from './provider-dialogs';
import { KIND_NAMES, PROVIDERS, type Provider, providers } from './provider';

/** Who answers the tenants' questions. */
export function AiProviders() {
  const isOwner = useIsOwner();
  return isOwner ? <OwnersPage /> : <OthersPage />;
}

function OthersPage() {
  return (
    <Page title="AI" about="Only owners see and change the AI providers, because their keys cost money.">
      <WhereUsageIs />
    </Page>
  );
}

function WhereUsageIs() {
  return (
    <Text size="sm">
      What a tenant has used of its AI credits is on{' '}
      <TextLink to="/tenants" size="sm">
        its page
      </TextLink>
      , under Plan.
    </Text>
  );
}

function OwnersPage() {
  const { data, error, isPending } = useQuery(providers);
  const [isAdding, setAdding] = useState(false);
  const hasEnabled = data?.some(({ enabled }) => enabled) === true;
  return (
    <Page
      title="AI"
      about="Questions of tenants go to the first provider in this list. If it does not answer, the next one
        is asked. One that fails five times in a row is left alone for half a minute."
      actions={<Button onClick={() => setAdding(true)}>Add a provider</Button>}
      error={error}
      isLoading={isPending}
    >
      <Stack>
        {data && !hasEnabled && (
          <Text size="sm">
            {data.length === 0 ? 'No provider yet.' : 'No provider is asked at the moment.'} Until one is, the
            provider in the Control Plane’s environment answers, if there is one.
          </Text>
        )}
        {data && data.length > 0 && <ProvidersTable all={data} />}
        <WhereUsageIs />
      </Stack>
      {isAdding && <AddProvider onClose={() => setAdding(false)} />}
    </Page>
  );
}

function ProvidersTable({ all }: { readonly all: readonly Provider[] }) {
  return (
    <Table.ScrollContainer minWidth={760}>
      <Table verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            {['Order', 'Provider', 'State', 'Key', 'Models by plan', 'Changed', ''].map((name) => (
              <Table.Th key={name}>{name}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {all.map((provider) => (
            <ProviderRow key={provider.id} provider={provider} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function ProviderRow({ provider }: { readonly provider: Provider }) {
  const [open, setOpen] = useState<'edit' | 'remove' | null>(null);
  const { name, kind, base_url: url, enabled, has_key: hasKey, models } = provider;
  const close = (): void => setOpen(null);
  return (
    <Table.Tr>
      <Table.Td>{provider.order}</Table.Td>
      <Table.Td>
        {name}
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {KIND_NAMES[kind]}, {url}
        </Text>
      </Table.Td>
      <Table.Td>
        <StateBadge state={enabled ? 'enabled' : 'disabled'} />
      </Table.Td>
      <Table.Td>{hasKey ? 'Key set' : 'No key'}</Table.Td>
      <Table.Td>
        <List size="xs" listStyleType="none">
          {PLAN_CHOICES.map((plan) => (
            <List.Item key={plan}>
              {PLAN_NAMES[plan]}: {models[plan].join(', ') || 'not asked'}
            </List.Item>
          ))}
        </List>
      </Table.Td>
      <Table.Td>
        <When at={provider.updated_at} />
      </Table.Td>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <Button
            variant="default"
            size="compact-xs"
            aria-label={`Edit ${name}`}
            onClick={() => setOpen('edit')}
          >
            Edit
          </Button>
          <Button
            variant="default"
            size="compact-xs"
            aria-label={`Remove ${name}`}
            onClick={() => setOpen('remove')}
          >
            Remove
          </Button>
        </Group>
        {open === 'edit' && <EditProvider provider={provider} onClose={close} />}
        {open === 'remove' && <RemoveDialog provider={provider} onClose={close} />}
      </Table.Td>
    </Table.Tr>
  );
}

interface RemoveDialogProps {
  readonly provider: Provider;
  readonly onClose: () => void;
}

function RemoveDialog({ provider: { id, name }, onClose }: RemoveDialogProps) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.DELETE('/api/ai/providers/{id}', { params: { path: { id } } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: PROVIDERS });
      onClose();
    },
  });
  return (
    <Confirm
      title={`Remove ${name}?`}
      verb="Remove"
      error={remove.error}
      isPending={remove.isPending}
      onConfirm={remove.mutate}
      onClose={onClose}
    >
      <Text size="sm">
        Its key is deleted, too. Questions go to the next provider. To stop only for a while, edit it instead.
      </Text>
    </Confirm>
  );
}
