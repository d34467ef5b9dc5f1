import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Confirm } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api } from '../../api';
import { ButtonLink } from '../../links';
import { useBarrier } from '../../plan/entitlements';
import { useMay } from '../../session';
import { type Slo } from '../../slos/slo';
import { CountEvents } from './count-events';

export function SloActions({ slo }: { readonly slo: Slo }) {
  const barrier = useBarrier('slos');
  const isOperator = useMay('operator') && barrier === null;
  const { id, name, indicator } = slo;
  return (
    <>
      {isOperator && (
        <ButtonLink to="/slos/$id/edit" params={{ id }} size="xs" variant="default">
          Edit
        </ButtonLink>
      )}
      {isOperator && indicator.kind === 'events' && <CountEvents slo={slo} />}
      <Button
        size="xs"
        variant="default"
        component="a"
        href={`/api/slos/${id}/openslo`}
        download={`${name}.yaml`}
      >
        Export OpenSLO
      </Button>
      {isOperator && <Delete slo={slo} />}
    </>
  );
}

function Delete({ slo: { id, name } }: { readonly slo: Slo }) {
  const [isAsked, { open, close }] = useDisclosure();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => api.DELETE('/api/slos/{id}', { params: { path: { id } } }),
    onSuccess: async () => {
      await navigate({ to: '/slos' });
      await queries.invalidateQueries({ queryKey: ['slos', 'list'] });
    },
  });
  return (
    <>
      <Button size="xs" variant="default" c="red" onClick={open}>
        Delete
      </Button>
      {isAsked && (
        <Confirm
          title={`Delete ${name}?`}
          verb="Delete"
          error={remove.error}
          isPending={remove.isPending}
          onConfirm={remove.mutate}
          onClose={close}
        >
          <Text size="sm">All its events are deleted, too. This cannot be undone.</Text>
        </Confirm>
      )}
    </>
  );
}
