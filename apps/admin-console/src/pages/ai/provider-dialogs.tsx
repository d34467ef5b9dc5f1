import { Button, Group, PasswordInput, Select, Stack } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import {
  ChangedMeanwhile,
  FormProblem,
  FreshlyRead,
  KeyField,
  type Versioned,
  bodyOf,
  oneOf,
  onceKey,
  textsOf,
  useCarefulSave,
  versionedOf,
  wrongOf,
} from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { api } from '../../api';
import { Dialog } from '../../parts/dialog';
import {
  KINDS,
  KIND_NAMES,
  type NewProvider,
  PROVIDERS,
  PROVIDER_TEXTS,
  type Provider,
  type ProviderChange,
  type ProviderValues,
} from './provider';
import { ProviderFields } from './provider-fields';

const NEW: ProviderValues = {
  name: '',
  base_url: 'https://',
  models: { core: [], operations: [], enterprise: [] },
  order: 100,
  enabled: true,
};

export function AddProvider({ onClose }: { readonly onClose: () => void }) {
  const [values, setValues] = useState(NEW);
  const [kind, setKind] = useState<Provider['kind']>('openai_compatible');
  const [key, setKey] = useState('');
  const client = useQueryClient();
  const once = useRef({ text: '', headers: onceKey() });
  const create = useMutation({
    mutationFn: (body: NewProvider) => {
      // The same call once more, after its answer was lost, must not add a second one.
      const text = JSON.stringify(body);
      if (once.current.text !== text) once.current = { text, headers: onceKey() };
      return bodyOf(api.POST('/api/ai/providers', { headers: once.current.headers, body }));
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: PROVIDERS });
      onClose();
    },
    gcTime: 0,
  });
  const wrong = wrongOf(create.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    create.mutate({ ...bodyFrom(values), kind, ...(key !== '' && { key }) });
  };
  return (
    <Dialog title="Add a provider" onClose={onClose} size="lg">
      <Stack component="form" onSubmit={submit}>
        <Select
          label="Kind"
          data={KINDS.map((value) => ({ value, label: KIND_NAMES[value] }))}
          allowDeselect={false}
          value={kind}
          onChange={(value) => setKind(oneOf(KINDS, value) ?? kind)}
        />
        <ProviderFields values={values} onChange={setValues} wrong={wrong} />
        <PasswordInput
          label="API key"
          description="Stored encrypted. Nobody can read it afterwards."
          required={kind === 'anthropic'}
          autoComplete="off"
          value={key}
          error={wrong('key')}
          onChange={(event) => setKey(event.currentTarget.value)}
        />
        <FormProblem error={create.error} />
        <Buttons verb="Add" isPending={create.isPending} onClose={onClose} />
      </Stack>
    </Dialog>
  );
}

interface EditProviderProps {
  readonly provider: Provider;
  readonly onClose: () => void;
}

export function EditProvider({ provider: { id, name }, onClose }: EditProviderProps) {
  const path = { id };
  return (
    <Dialog title={`Edit ${name}`} onClose={onClose} size="lg">
      <FreshlyRead read={() => versionedOf(api.GET('/api/ai/providers/{id}', { params: { path } }))}>
        {(first) => <EditForm first={first} onClose={onClose} />}
      </FreshlyRead>
    </Dialog>
  );
}

interface EditFormProps {
  readonly first: Versioned<Provider>;
  readonly onClose: () => void;
}

function EditForm({ first, onClose }: EditFormProps) {
  const { id, name, has_key: hasKey } = first.stored;
  const [values, setValues] = useState<ProviderValues>(first.stored);
  /** Undefined: it stays as it is. */
  const [key, setKey] = useState<string | null>();
  const client = useQueryClient();
  const save = useCarefulSave({
    first,
    shownOf: textsOf(PROVIDER_TEXTS),
    save: (body: ProviderChange, header) =>
      versionedOf(api.PATCH('/api/ai/providers/{id}', { params: { path: { id }, header }, body })),
    keep: () => void client.invalidateQueries({ queryKey: PROVIDERS }),
    onSaved: () => {
      notifications.show({ message: `Saved. The next question finds ${name} as it is now.` });
      onClose();
    },
  });
  const { theirs } = save;
  const wrong = wrongOf(save.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate({ ...bodyFrom(values), ...(key !== undefined && { key }) });
  };
  return (
    <Stack component="form" onSubmit={submit}>
      <ProviderFields values={values} onChange={setValues} wrong={wrong} />
      <KeyField hasKey={hasKey} value={key} onChange={setKey} error={wrong('key')} />
      {theirs && (
        <ChangedMeanwhile
          name={name}
          fields={PROVIDER_TEXTS}
          theirs={theirs}
          yours={values}
          onKeepTheirs={onClose}
        />
      )}
      <FormProblem error={save.error} />
      <Buttons verb={theirs ? 'Save mine' : 'Save'} isPending={save.isPending} onClose={onClose} />
    </Stack>
  );
}

interface ButtonsProps {
  readonly verb: string;
  readonly isPending: boolean;
  readonly onClose: () => void;
}

function Buttons({ verb, isPending, onClose }: ButtonsProps) {
  return (
    <Group justify="flex-end">
      <Button variant="default" onClick={onClose}>
        Back
      </Button>
      <Button type="submit" loading={isPending}>
        {verb}
      </Button>
    </Group>
  );
}

function bodyFrom({ name, base_url, models, order, enabled }: ProviderValues) {
  return { name: name.trim(), base_url: base_url.trim(), models, order: Number(order), enabled };
}
