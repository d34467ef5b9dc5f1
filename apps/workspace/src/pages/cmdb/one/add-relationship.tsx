import {
  Alert,
  Button,
  Group,
  Modal,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Text,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { ProblemAlert, ProblemError } from '@atlas/web';
import { type FormEvent, useState } from 'react';
import { type Item, MOST_MIN_UP, RELATIONSHIP_TYPES, type Relationship, verbOf } from '../../../cmdb/item';
import { ItemSelect } from '../../../cmdb/item-select';
import { useAddRelationship } from '../../../cmdb/use-relationships';

interface AddRelationshipProps {
  readonly item: Item;
  /** The item's relationships. */
  readonly known: readonly Relationship[];
}

export function AddRelationship({ item, known }: AddRelationshipProps) {
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={open}>
        Add a relationship
      </Button>
      {isOpen && <AddDialog item={item} known={known} onClose={close} />}
    </>
  );
}

interface AddDialogProps extends AddRelationshipProps {
  readonly onClose: () => void;
}

function AddDialog({ item, known, onClose }: AddDialogProps) {
  const [way, setWay] = useState('needs');
  const [other, setOther] = useState<Item | null>(null);
  const [type, setType] = useState<Relationship['type']>('depends_on');
  const [minUp, setMinUp] = useState<number | null>(null);
  const [missing, setMissing] = useState<string>();
  const add = useAddRelationship();
  const wrong = add.error instanceof ProblemError ? add.error.byField : {};
  const isFrom = way === 'needs';
  const [from, to] = isFrom ? [item, other] : [other, item];
  // The number is the same on all relationships of one type from an item.
  const before = isFrom ? known.find((one) => one.from_id === item.id && one.type === type) : undefined;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!from || !to) {
      setMissing('Choose the other item.');
      return;
    }
    const number = before ? before.min_up : minUp;
    add.mutate(
      { from_id: from.id, to_id: to.id, type, ...(number !== null && { min_up: number }) },
      { onSuccess: onClose },
    );
  };
  return (
    <Modal opened onClose={onClose} title={`Add a relationship of ${item.name}`}>
      <Stack component="form" onSubmit={submit}>
        <SegmentedControl
          fullWidth
          aria-label="Which needs which"
          data={[
            { value: 'needs', label: 'It needs another item' },
            { value: 'is-needed', label: 'Another item needs it' },
          ]}
          value={way}
          onChange={setWay}
        />
        <ItemSelect
          label="Other item"
          autoFocus
          except={{ id: item.id, why: 'An item cannot be related to itself.' }}
          required
          value={other?.id ?? null}
          onChange={(chosen) => {
            setOther(chosen);
            setMissing(undefined);
          }}
          error={missing ?? wrong['to_id'] ?? wrong['from_id']}
        />
        <Select
          label="How"
          allowDeselect={false}
          data={RELATIONSHIP_TYPES.map((value) => ({ value, label: verbOf(value) }))}
          value={type}
          onChange={(value) => {
            if (value !== null) setType(value);
          }}
        />
        {before ? (
          <Text size="sm">
            {before.min_up === null
              ? `As its other items of this kind: all must be up for ${item.name} to stay up.`
              : `As its other items of this kind: at least ${before.min_up} must be up.`}
          </Text>
        ) : (
          <NumberInput
            label="How many must be up"
            description={`${from?.name ?? 'It'} stays up while this many such items are up. Empty: all.`}
            min={1}
            max={MOST_MIN_UP}
            allowDecimal={false}
            allowNegative={false}
            value={minUp ?? ''}
            onChange={(value) => setMinUp(typeof value === 'number' ? value : null)}
            error={wrong['min_up']}
          />
        )}
        {from && to && (
          <Alert color="gray" p="xs">
            {from.name} {verbOf(type)} {to.name}.
          </Alert>
        )}
        {Object.keys(wrong).length === 0 && <ProblemAlert error={add.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={add.isPending}>
            Add it
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
