import { Badge, Button, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Confirm, ProblemAlert, Section } from '@atlas/web';
import { useState } from 'react';
import { type Item, type Relationship, verbOf } from '../../../cmdb/item';
import { useItemsById } from '../../../cmdb/use-items';
import { useRelationships, useRemoveRelationship } from '../../../cmdb/use-relationships';
import { PageLink } from '../../../links';
import { AddRelationship } from './add-relationship';

const FIRST = 20;

interface RelationshipsProps {
  readonly item: Item;
  readonly mayChange: boolean;
}

/** What the item needs, and what needs it, in sentences. */
export function Relationships({ item, mayChange }: RelationshipsProps) {
  const [isAll, setIsAll] = useState(false);
  const { data, error } = useRelationships(item.id);
  const all = data?.items ?? [];
  const shown = isAll ? all : all.slice(0, FIRST);
  const items = useItemsById(shown.map((one) => otherOf(one, item.id)));
  return (
    <Section title="Relationships" actions={mayChange && <AddRelationship item={item} known={all} />}>
      <ProblemAlert error={error} />
      {data && all.length === 0 && (
        <Text size="sm" c="dimmed">
          None{mayChange && `. Add what ${item.name} needs, or what needs it, to see what an outage does`}.
        </Text>
      )}
      {shown.map((one) => (
        <Row
          key={one.id}
          relationship={one}
          item={item}
          other={items.get(otherOf(one, item.id))?.name ?? '…'}
          mayChange={mayChange}
        />
      ))}
      {shown.length < all.length && (
        <div>
          <Button size="compact-sm" variant="subtle" onClick={() => setIsAll(true)}>
            Show all {all.length}
          </Button>
        </div>
      )}
      {isAll && data?.next_cursor && (
        <Text size="sm">These are the newest {all.length}. There are more.</Text>
      )}
    </Section>
  );
}

function otherOf({ from_id: from, to_id: to }: Relationship, self: string): string {
  return from === self ? to : from;
}

interface RowProps {
  readonly relationship: Relationship;
  readonly item: Item;
  readonly other: string;
  readonly mayChange: boolean;
}

function Row({ relationship, item, other, mayChange }: RowProps) {
  const { from_id: from, type, min_up: minUp } = relationship;
  const isFrom = from === item.id;
  const link = (
    <PageLink to="/cmdb/$id" params={{ id: otherOf(relationship, item.id) }} size="sm">
      {other}
    </PageLink>
  );
  const verb = ` ${verbOf(type)} `;
  const sentence = isFrom ? `${item.name}${verb}${other}` : `${other}${verb}${item.name}`;
  return (
    <Group justify="space-between" wrap="nowrap" align="flex-start">
      <Group gap="xs">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {isFrom ? item.name : link}
          {verb}
          {isFrom ? link : item.name}
        </Text>
        {minUp !== null && (
          <Badge variant="light" color="gray" tt="none">
            at least {minUp} must be up
          </Badge>
        )}
      </Group>
      {mayChange && <Remove relationship={relationship} sentence={sentence} />}
    </Group>
  );
}

interface RemoveProps {
  readonly relationship: Relationship;
  readonly sentence: string;
}

function Remove({ relationship, sentence }: RemoveProps) {
  const [isOpen, { open, close }] = useDisclosure();
  const remove = useRemoveRelationship(relationship);
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Remove: ${sentence}`}
        style={{ flexShrink: 0 }}
        onClick={open}
      >
        Remove
      </Button>
      {isOpen && (
        <Confirm
          title="Remove this relationship?"
          verb="Remove it"
          error={remove.error}
          isPending={remove.isPending}
          onConfirm={remove.mutate}
          onClose={close}
        >
          <Text>{sentence}</Text>
        </Confirm>
      )}
    </>
  );
}
