import { Button, Group, Loader, Modal, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  ChangedMeanwhile,
  type FieldTexts,
  FreshlyRead,
  ProblemAlert,
  StateBadge,
  type Versioned,
  bodyOf,
  wordsOf,
  wrongOf,
} from '@atlas/web';
import { useQueries, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../../api';
import { ItemsSelect } from '../../../cmdb/item-select';
import { itemQuery, useItemsById } from '../../../cmdb/use-items';
import { type Incident, MOST_ITEMS } from '../../../incidents/incident';
import { partProps, useWantedPart } from '../../../incidents/parts';
import { readIncident, useSaveIncident } from '../../../incidents/use-incident';
import { PageLink } from '../../../links';

const FIRST_ITEMS = 20;
const STALE_MS = 60_000;

interface ItemsProps {
  readonly incident: Incident;
}

/** What the incident affects, and what depends on that. */
export function Items({ incident }: ItemsProps) {
  const [isAll, setIsAll] = useState(false);
  const [isChanging, { open, close }] = useDisclosure();
  const { ci_ids: ids } = incident;
  const shown = isAll ? ids : ids.slice(0, FIRST_ITEMS);
  const items = useQueries({
    queries: shown.map((id) => ({ ...itemQuery(id), staleTime: STALE_MS })),
  });
  const wanted = useWantedPart('ci');
  return (
    <Stack gap="xs">
      {ids.length === 0 && (
        <Text size="sm" c="dimmed">
          No item yet. Add what is affected to see what depends on it.
        </Text>
      )}
      {items.map(({ data, error }, index) => (
        <div key={shown[index]} {...partProps('ci', shown[index] ?? '', wanted)}>
          {data && <Item id={data.id} name={data.name} type={data.type} criticality={data.criticality} />}
          {error && <ProblemAlert error={error} />}
        </div>
      ))}
      <Group gap="xs">
        <Button size="compact-sm" variant="default" onClick={open}>
          Change the items
        </Button>
        {shown.length < ids.length && (
          <Button size="compact-sm" variant="subtle" onClick={() => setIsAll(true)}>
            Show all {ids.length}
          </Button>
        )}
      </Group>
      {isChanging && (
        <Modal opened onClose={close} title={`What ${incident.number} affects`}>
          <FreshlyRead read={() => readIncident(incident.id)}>
            {(first) => <ItemsForm first={first} onClose={close} />}
          </FreshlyRead>
        </Modal>
      )}
    </Stack>
  );
}

interface ItemProps {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly criticality: string;
}

function Item({ id, name, type, criticality }: ItemProps) {
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <Group justify="space-between" wrap="nowrap">
      <div>
        <PageLink to="/cmdb/$id" params={{ id }} size="sm" style={{ overflowWrap: 'anywhere' }}>
          {name}
        </PageLink>
        <Text size="xs" c="dimmed">
          {wordsOf(type)}, {wordsOf(criticality)} criticality
        </Text>
      </div>
      <Button size="compact-sm" variant="light" flex="none" onClick={open} aria-label={`Impact of ${name}`}>
        Impact
      </Button>
      <Modal opened={isOpen} onClose={close} title={`If ${name} is down`} size="lg">
        {isOpen && <Impact id={id} />}
      </Modal>
    </Group>
  );
}

function Impact({ id }: { readonly id: string }) {
  const { data, error } = useQuery({
    queryKey: ['items', 'impact', id],
    queryFn: () =>
      bodyOf(
        api.GET('/api/cmdb/items/{id}/impact', {
          params: { path: { id }, query: { direction: 'dependents' } },
        }),
      ),
  });
  if (error) return <ProblemAlert error={error} />;
  if (!data) return <Loader size="sm" aria-label="Loading" />;
  if (data.items.length === 0) return <Text size="sm">Nothing depends on it.</Text>;
  const down = data.items.filter(({ state }) => state === 'down').length;
  return (
    <Stack gap="sm">
      <Text size="sm">
        {down} down, {data.items.length - down} degraded
        {data.truncated && ', and more that are not listed'}
      </Text>
      <Table.ScrollContainer minWidth={400}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>Then it is</Table.Th>
              <Table.Th>Criticality</Table.Th>
              <Table.Th>Steps away</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.items.map((item) => (
              <Table.Tr key={item.id}>
                <Table.Td>{item.name}</Table.Td>
                <Table.Td>
                  <StateBadge state={item.state} />
                </Table.Td>
                <Table.Td>{wordsOf(item.criticality)}</Table.Td>
                <Table.Td>{item.depth}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}

interface ItemsFormProps {
  readonly first: Versioned<Incident>;
  readonly onClose: () => void;
}

type Affected = Pick<Incident, 'ci_ids'>;

function ItemsForm({ first, onClose }: ItemsFormProps) {
  const [ids, setIds] = useState<string[]>([...first.stored.ci_ids]);
  const saving = useSaveIncident(first, ({ ci_ids: stored }) => stored, onClose);
  const { theirs } = saving;
  const items = useItemsById(theirs ? [...theirs.ci_ids, ...ids] : []);
  const nameOf = (id: string): string => items.get(id)?.name ?? id;
  const fields: FieldTexts<Affected> = [
    ['Affected items', ({ ci_ids: affected }) => affected.map(nameOf).sort().join(', ')],
  ];
  const wrong = wrongOf(saving.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    saving.mutate({ ci_ids: ids });
  };
  return (
    <Stack component="form" onSubmit={submit}>
      <ItemsSelect
        label="Affected items"
        autoFocus
        most={MOST_ITEMS}
        value={ids}
        onChange={setIds}
        error={wrong('ci_ids')}
      />
      {theirs && (
        <ChangedMeanwhile
          name={first.stored.number}
          fields={fields}
          theirs={theirs}
          yours={{ ci_ids: ids }}
          onKeepTheirs={onClose}
        />
      )}
      <ProblemAlert error={saving.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={saving.isPending}>
          {theirs ? 'Save mine' : 'Save'}
        </Button>
      </Group>
    </Stack>
  );
}
