import { Autocomplete, Button, Group, Select, Stack, TextInput } from '@mantine/core';
import { ProblemAlert, ProblemError } from '@atlas/web';
import { type FormEvent, type ReactNode, useState } from 'react';
import { attributesOf, rowsOf, type AttributesDraft } from './attributes';
import { AttributesField } from './attributes-field';
import {
  type Attributes,
  CRITICALITIES,
  type Criticality,
  ITEM_STATUSES,
  type Item,
  type ItemStatus,
  LONGEST_KEY,
  LONGEST_NAME,
  LONGEST_TYPE,
} from './item';
import { useTypes } from './use-items';

/** What the form says. Null leaves a choice to the plane. */
export interface ItemValues {
  readonly name: string;
  readonly type: string;
  readonly key: string;
  readonly status: ItemStatus | null;
  readonly criticality: Criticality | null;
  readonly attributes: Attributes;
}

interface ItemFormProps {
  readonly item?: Item;
  readonly error: unknown;
  readonly isSaving: boolean;
  readonly submit: string;
  readonly onSave: (values: ItemValues) => void;
  readonly onCancel?: () => void;
  /** Stands above the buttons. Gets what the form says now, without attributes that cannot be sent. */
  readonly children?: (now: Partial<ItemValues>) => ReactNode;
}

/** All that people say about an item. */
export function ItemForm({ item, error, isSaving, submit, onSave, onCancel, children }: ItemFormProps) {
  const [name, setName] = useState(item?.name ?? '');
  const [type, setType] = useState(item?.type ?? '');
  const [key, setKey] = useState(item?.key ?? '');
  const [status, setStatus] = useState<ItemStatus | null>(item?.status ?? null);
  const [criticality, setCriticality] = useState<Criticality | null>(item?.criticality ?? null);
  const [draft, setDraft] = useState<AttributesDraft>(() => rowsOf(item?.attributes ?? {}));
  const [badAttributes, setBadAttributes] = useState<string>();
  const types = useTypes();
  const { fields, rest } = wrongOf(error, type);

  const attributes = attributesOf(draft);
  const values = { name: name.trim(), type: type.trim(), key: key.trim(), status, criticality };
  const save = (event: FormEvent): void => {
    event.preventDefault();
    if (typeof attributes === 'string') setBadAttributes(attributes);
    else onSave({ ...values, attributes });
  };
  return (
    <Stack component="form" maw={640} onSubmit={save}>
      <TextInput
        label="Name"
        required
        autoFocus
        data-autofocus
        maxLength={LONGEST_NAME}
        placeholder="web-1"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={fields['name']}
      />
      <Autocomplete
        label="Type"
        required
        description="What kind of thing it is. Use the same word for the same kind."
        maxLength={LONGEST_TYPE}
        placeholder="server"
        data={types}
        value={type}
        onChange={setType}
        error={fields['type']}
      />
      <TextInput
        label="Key"
        description="Its name in another system. Alerts with the label ci find it by this."
        maxLength={LONGEST_KEY}
        value={key}
        onChange={(event) => setKey(event.currentTarget.value)}
        error={fields['key']}
      />
      <Group grow align="flex-start">
        <Select
          label="Status"
          placeholder={item ? undefined : 'production'}
          clearable={!item}
          allowDeselect={!item}
          data={ITEM_STATUSES}
          value={status}
          onChange={setStatus}
          error={fields['status']}
        />
        <Select
          label="Criticality"
          placeholder={item ? undefined : 'medium'}
          clearable={!item}
          allowDeselect={!item}
          data={CRITICALITIES}
          value={criticality}
          onChange={setCriticality}
          error={fields['criticality']}
        />
      </Group>
      <AttributesField
        value={draft}
        onChange={(value) => {
          setDraft(value);
          setBadAttributes(undefined);
        }}
        error={badAttributes ?? fields['attributes']}
      />
      {children?.(typeof attributes === 'string' ? values : { ...values, attributes })}
      <ProblemAlert error={rest} />
      <Group justify={onCancel ? 'flex-end' : undefined}>
        {onCancel && (
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        )}
        <Button type="submit" loading={isSaving}>
          {submit}
        </Button>
      </Group>
    </Stack>
  );
}

/** What is wrong with each field, and what belongs to none. */
function wrongOf(error: unknown, type: string) {
  if (!(error instanceof ProblemError)) return { fields: {} as Record<string, string>, rest: error };
  const { code, detail } = error.problem;
  if (code === 'key_exists') return { fields: { key: `Another ${type} has this key.` }, rest: null };
  if (code === 'attributes_too_large') return { fields: { attributes: detail }, rest: null };
  const fields: Record<string, string> = { ...error.byField };
  return { fields, rest: Object.keys(fields).length > 0 ? null : error };
}
