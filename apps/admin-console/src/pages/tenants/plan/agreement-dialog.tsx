import { Button, Checkbox, Group, NumberInput, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import {
  ChangedMeanwhile,
  FreshlyRead,
  LIMIT_NAMES,
  MODULE_NAMES,
  PLAN_NAMES,
  type Versioned,
  oneOf,
  textsOf,
  useCarefulSave,
  versionedOf,
} from '@atlas/web';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../../api';
import { forgetLists } from '../../../jobs/use-job';
import { Refusal } from '../../../operations/operation-drawer';
import { Dialog } from '../../../parts/dialog';
import { PLAN_CHOICES } from '../../../parts/search';
import { type Limit, type PlanSpec, type Tenant, type TenantChange } from '../../../parts/types';
import { LIMITS, MODULES } from '../../../plans/plans';
import { AGREEMENT_TEXTS, type Agreement, agreementOf, changeOf } from './agreement';

interface AgreementDialogProps {
  readonly tenant: Tenant;
  readonly specs: readonly PlanSpec[];
  readonly onClose: () => void;
}

/** Changes the plan, and what was agreed with the tenant in addition to it. */
export function AgreementDialog({ tenant, specs, onClose }: AgreementDialogProps) {
  const path = { id_or_slug: tenant.id };
  return (
    <Dialog onClose={onClose} title={`Plan of ${tenant.name}`} size="lg">
      <FreshlyRead read={() => versionedOf(api.GET('/api/tenants/{id_or_slug}', { params: { path } }))}>
        {(first) => <Form first={first} specs={specs} onClose={onClose} />}
      </FreshlyRead>
    </Dialog>
  );
}

interface FormProps extends Pick<AgreementDialogProps, 'specs' | 'onClose'> {
  readonly first: Versioned<Tenant>;
}

function useSave(first: Versioned<Tenant>, onClose: () => void) {
  const client = useQueryClient();
  const path = { id: first.stored.id };
  return useCarefulSave({
    first,
    shownOf: (stored) => textsOf(AGREEMENT_TEXTS)(agreementOf(stored)),
    save: (body: TenantChange, header) =>
      versionedOf(api.PATCH('/api/tenants/{id}', { params: { path, header }, body })),
    keep: () => forgetLists(client),
    onSaved: () => {
      notifications.show({ message: 'Saved. The tenant’s plane gets a new lease.' });
      onClose();
    },
  });
}

function Form({ first, specs, onClose }: FormProps) {
  const [values, setValues] = useState<Agreement>(agreementOf(first.stored));
  const save = useSave(first, onClose);
  const spec = specs.find(({ key }) => key === values.plan);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate(changeOf(values));
  };
  const { theirs } = save;
  return (
    <Stack component="form" onSubmit={submit}>
      <Select
        label="Plan"
        data={PLAN_CHOICES.map((value) => ({ value, label: PLAN_NAMES[value] }))}
        allowDeselect={false}
        value={values.plan}
        onChange={(value) => setValues({ ...values, plan: oneOf(PLAN_CHOICES, value) ?? values.plan })}
      />
      <Text size="sm">
        What was agreed with this tenant replaces the limits of its plan. Leave a field empty to use the
        plan’s own.
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        {LIMITS.map((limit) => (
          <NumberInput
            key={limit}
            label={LIMIT_NAMES[limit]}
            placeholder={spec?.limits[limit].toLocaleString('en') ?? ''}
            min={0}
            allowDecimal={false}
            thousandSeparator=","
            value={values.limits[limit] ?? ''}
            onChange={(value) => setValues({ ...values, limits: limitsWith(values.limits, limit, value) })}
          />
        ))}
      </SimpleGrid>
      <Modules values={values} spec={spec} onChange={setValues} />
      {theirs && (
        <ChangedMeanwhile
          name={first.stored.name}
          fields={AGREEMENT_TEXTS}
          theirs={agreementOf(theirs)}
          yours={values}
          onKeepTheirs={onClose}
        />
      )}
      <Refusal error={save.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button type="submit" loading={save.isPending}>
          {theirs ? 'Save mine' : 'Save'}
        </Button>
      </Group>
    </Stack>
  );
}

interface ModulesProps {
  readonly values: Agreement;
  readonly spec: PlanSpec | undefined;
  readonly onChange: (values: Agreement) => void;
}

/** The modules that the plan leaves out, and that can be agreed on. */
function Modules({ values, spec, onChange }: ModulesProps) {
  const offered = MODULES.filter(
    (module) => !spec?.modules.includes(module) || values.modules.includes(module),
  );
  if (offered.length === 0) return <Text size="sm">This plan includes every module.</Text>;
  return (
    <Checkbox.Group
      label="Modules in addition to the plan"
      value={[...values.modules]}
      onChange={(chosen) => onChange({ ...values, modules: MODULES.filter((one) => chosen.includes(one)) })}
    >
      <Stack gap="xs" mt="xs">
        {offered.map((module) => (
          <Checkbox key={module} value={module} label={MODULE_NAMES[module]} />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}

function limitsWith(limits: Agreement['limits'], limit: Limit, value: number | string): Agreement['limits'] {
  const others = Object.fromEntries(Object.entries(limits).filter(([name]) => name !== limit));
  return typeof value === 'number' ? { ...others, [limit]: value } : others;
}
