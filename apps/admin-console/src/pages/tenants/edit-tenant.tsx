import { Button, Group, Select, Stack, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { ProblemError, bodyOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Dialog } from '../../parts/dialog';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { forgetLists } from '../../jobs/use-job';
import { Refusal } from '../../operations/operation-drawer';
import { type TenantDrawerProps } from '../../operations/tenant-operations';
import { PLAN_CHOICES, given, oneOf } from '../../parts/search';

/** Changes what needs no job. */
export function EditTenant({ tenant, onClose }: TenantDrawerProps) {
  const [name, setName] = useState(tenant.name);
  const [plan, setPlan] = useState(tenant.plan);
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      bodyOf(
        api.PATCH('/api/tenants/{id}', {
          params: { path: { id: tenant.id } },
          body: given({
            name: name === tenant.name ? undefined : name,
            plan: plan === tenant.plan ? undefined : plan,
          }),
        }),
      ),
    onSuccess: () => {
      forgetLists(client);
      notifications.show({ message: 'Saved. The plane gets it with its next pull.' });
      onClose();
    },
  });
  const byField = save.error instanceof ProblemError ? save.error.byField : {};
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog onClose={onClose} title={`Edit ${tenant.name}`}>
      <Stack component="form" onSubmit={submit}>
        <TextInput
          label="Name"
          required
          maxLength={100}
          value={name}
          error={byField.name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          label="Plan"
          data={PLAN_CHOICES}
          allowDeselect={false}
          value={plan}
          onChange={(value) => setPlan(oneOf(PLAN_CHOICES, value) ?? tenant.plan)}
        />
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
            Save
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
