import { Page, bodyOf } from '@atlas/web';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api } from '../../api';
import { type NewItem as Body } from '../../cmdb/item';
import { ItemForm, type ItemValues } from '../../cmdb/item-form';
import { itemKey } from '../../cmdb/use-items';
import { NeedsRole } from '../../needs-role';
import { useOnce } from '../../once';

export function NewItem() {
  return (
    <NeedsRole role="operator" title="Add an item">
      <Page title="Add an item" within={[{ to: '/cmdb', label: 'Configuration items' }]}>
        <NewItemForm />
      </Page>
    </NeedsRole>
  );
}

function NewItemForm() {
  const once = useOnce();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const add = useMutation({
    mutationFn: (body: Body) => bodyOf(api.POST('/api/cmdb/items', { body, headers: once.headers() })),
    onSuccess: async (item) => {
      void queries.invalidateQueries({ queryKey: ['items'] });
      void queries.invalidateQueries({ queryKey: ['onboarding'] });
      queries.setQueryData(itemKey(item.id), item);
      await navigate({ to: '/cmdb/$id', params: { id: item.id } });
    },
    onError: once.done,
  });
  return (
    <ItemForm
      error={add.error}
      isSaving={add.isPending}
      submit="Add the item"
      onSave={(values) => add.mutate(bodyFrom(values))}
    />
  );
}

function bodyFrom({ name, type, key, status, criticality, attributes }: ItemValues): Body {
  return {
    name,
    type,
    ...(key && { key }),
    ...(status && { status }),
    ...(criticality && { criticality }),
    ...(Object.keys(attributes).length > 0 && { attributes }),
  };
}
