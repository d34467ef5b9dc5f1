import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Confirm } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api } from '../../api';
import { type Runbook } from '../../runbooks/runbook';

/** Archives a runbook, after a question. */
export function Archive({ runbook: { id, name } }: { readonly runbook: Runbook }) {
  const [isOpen, { open, close }] = useDisclosure();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const archive = useMutation({
    mutationFn: () => api.DELETE('/api/runbooks/{id}', { params: { path: { id } } }),
    onSuccess: async () => {
      void queries.invalidateQueries({ queryKey: ['runbooks'] });
      await navigate({ to: '/runbooks' });
    },
  });
  return (
    <>
      <Button size="xs" variant="default" color="red" onClick={open}>
        Archive
      </Button>
      {isOpen && (
        <Confirm
          title={`Archive ${name}?`}
          verb="Archive it"
          error={archive.error}
          isPending={archive.isPending}
          onConfirm={archive.mutate}
          onClose={close}
        >
          <Text size="sm">It can no longer be run or changed. Its runs stay.</Text>
        </Confirm>
      )}
    </>
  );
}
