import { Button, Group, Stack } from '@mantine/core';
import { Page, bodyOf, sendByKey, wrongOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api } from '../../api';
import { useOnce } from '../../once';
import { NEW_SLO, newSloOf } from '../../slos/form-values';
import { type NewSlo as Created } from '../../slos/slo';
import { SloFields, isObjective } from '../../slos/slo-fields';
import { SloProblem } from '../../slos/slo-problem';
import { NeedsModule } from '../../plan/plan-notice';
import { NeedsRole } from '../../needs-role';

const TITLE = 'Add an objective';

export function NewSlo() {
  return (
    <NeedsRole role="operator" title={TITLE}>
      <NeedsModule module="slos" title={TITLE}>
        <Form />
      </NeedsModule>
    </NeedsRole>
  );
}

function useCreate() {
  const once = useOnce();
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (body: Created) => bodyOf(api.POST('/api/slos', { body, headers: once.headers() })),
    onSuccess: async ({ id }) => {
      void queries.invalidateQueries({ queryKey: ['slos', 'list'] });
      await navigate({ to: '/slos/$id', params: { id } });
    },
    onError: once.done,
  });
}

function Form() {
  const [values, setValues] = useState(NEW_SLO);
  const create = useCreate();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isObjective(values.percent)) create.mutate(newSloOf(values));
  };
  return (
    <Page title={TITLE} within={[{ to: '/slos', label: 'SLOs' }]}>
      <Stack component="form" maw={640} onSubmit={submit} onKeyDown={sendByKey}>
        <SloFields
          isNew
          values={values}
          onChange={(part) => setValues((old) => ({ ...old, ...part }))}
          wrong={wrongOf(create.error)}
        />
        <SloProblem error={create.error} />
        <Group>
          <Button type="submit" loading={create.isPending}>
            Add the objective
          </Button>
        </Group>
      </Stack>
    </Page>
  );
}
