import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Confirm } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api } from '../../../api';
import { type Item } from '../../../cmdb/item';

export function ArchiveItem({ item: { id, name } }: { readonly item: Item }) {
  const [isOpen, { open, close }] = useDisclosure();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const archive = useMutation({
    mutationFn: () => api.DELETE('/api/cmdb/items/{id}', { params: { path: { id } } }),
    onSuccess: async () => {
      await navigate({ to: '/cmdb' });
      void queries.invalidateQueries({ queryKey: ['items'] });
    },
  });
  return (
    <>
      <Button variant="default" size="xs" onClick={open}>
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
          <Text size="sm">It stays in the history of incidents. Nothing new can be linked to it.</Text>
          <Text size="sm">Its key becomes free, and this cannot be undone.</Text>
        </Confirm>
      )}
    </>
  );
}
