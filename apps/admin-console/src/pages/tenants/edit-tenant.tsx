import { Button, Group, Select, Stack, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import {
  ChangedMeanwhile,
  type FieldTexts,
  FreshlyRead,
  type Versioned,
  oneOf,
  textsOf,
  useCarefulSave,
  versionedOf,
  wrongOf,
} from '@atlas/web';
import { useQueryClient } from '@tanstack/react-query';
import { Dialog } from '../../parts/dialog';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { forgetLists } from '../../jobs/use-job';
import { Refusal } from '../../operations/operation-drawer';
import { type TenantDrawerProps } from '../../operations/tenant-operations';
import { PLAN_CHOICES, given } from '../../parts/search';
import { type Tenant, type TenantChange } from '../../parts/types';

/** Changes what needs no job. */
export function EditTenant({ tenant, onClose }: TenantDrawerProps) {
  const path = { id_or_slug: tenant.id };
  return (
    <Dialog onClose={onClose} title={`Edit ${tenant.name}`}>
      <FreshlyRead read={() => versionedOf(api.GET('/api/tenants/{id_or_slug}', { params: { path } }))}>
        {(first) => <Form first={first} onClose={onClose} />}
      </FreshlyRead>
    </Dialog>
  );
}

const FIELDS: FieldTexts<Pick<Tenant, 'name' | 'plan'>> = [
  ['Name', ({ name }) => name],
  ['Plan', ({ plan }) => plan],
];

interface FormProps {
  readonly first: Versioned<Tenant>;
  readonly onClose: () => void;
}

function Form({ first, onClose }: FormProps) {
  const tenant = first.stored;
  const path = { id: tenant.id };
  const [name, setName] = useState(tenant.name);
  const [plan, setPlan] = useState(tenant.plan);
  const client = useQueryClient();
  const save = useCarefulSave({
    first,
    shownOf: textsOf(FIELDS),
    save: (body: TenantChange, header) =>
      versionedOf(api.PATCH('/api/tenants/{id}', { params: { path, header }, body })),
    keep: () => forgetLists(client),
    onSaved: () => {
      notifications.show({ message: 'Saved. The tenant’s plane picks it up.' });
      onClose();
    },
  });
  const { theirs } = save;
  const wrong = wrongOf(save.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate(
      given({
        name: name === tenant.name ? undefined : name,
        plan: plan === tenant.plan ? undefined : plan,
      }),
    );
  };
  return (
    <Stack component="form" onSubmit={submit}>
      <TextInput
        label="Name"
        required
        autoFocus
        maxLength={100}
        value={name}
        error={wrong('name')}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Select
        label="Plan"
        data={PLAN_CHOICES}
        allowDeselect={false}
        value={plan}
        onChange={(value) => setPlan(oneOf(PLAN_CHOICES, value) ?? tenant.plan)}
      />
      {theirs && (
        <ChangedMeanwhile
          name={tenant.name}
          fields={FIELDS}
          before={tenant}
          theirs={theirs}
          yours={{ name, plan }}
          onKeepTheirs={onClose}
        />
      )}
      <Refusal error={save.error} isByField />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button
          type="submit"
          loading={save.isPending}
          disabled={name === tenant.name && plan === tenant.plan}
        >
          {theirs ? 'Save mine' : 'Save'}
        </Button>
      </Group>
    </Stack>
  );
}
