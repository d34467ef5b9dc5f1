import { ChangedMeanwhile, type FieldTexts, type Versioned, textsOf } from '@atlas/web';
import { type Item, type ItemChange } from '../../../cmdb/item';
import { ItemForm, type ItemValues } from '../../../cmdb/item-form';
import { readItem, useChangeItem } from '../../../cmdb/use-items';
import { EditDialog } from '../../../edit-dialog';

export function EditItem({ item }: { readonly item: Item }) {
  return (
    <EditDialog title={`Edit ${item.name}`} size="lg" read={() => readItem(item.id)}>
      {(first, close) => <EditForm first={first} onClose={close} />}
    </EditDialog>
  );
}

interface EditFormProps {
  readonly first: Versioned<Item>;
  readonly onClose: () => void;
}

function EditForm({ first, onClose }: EditFormProps) {
  const before = first.stored;
  const saving = useChangeItem(first, textsOf(FIELDS), onClose);
  const { theirs } = saving;
  const save = (body: ItemChange): void => {
    if (Object.keys(body).length === 0) onClose();
    else saving.mutate(body);
  };
  return (
    <ItemForm
      item={before}
      error={saving.error}
      isSaving={saving.isPending}
      submit={theirs ? 'Save mine' : 'Save'}
      onSave={(values) => save(changeFrom(before, values))}
      onCancel={onClose}
    >
      {(now) =>
        theirs && (
          <ChangedMeanwhile<Shown>
            name={before.name}
            fields={FIELDS}
            before={before}
            theirs={theirs}
            yours={now}
            onKeepTheirs={onClose}
          />
        )
      }
    </ItemForm>
  );
}

/** Only what the user has changed. */
function changeFrom(before: Item, values: ItemValues): ItemChange {
  const { name, type, key, status, criticality, attributes } = values;
  const isSame = JSON.stringify(attributes) === JSON.stringify(before.attributes);
  return {
    ...(name !== before.name && { name }),
    ...(type !== before.type && { type }),
    ...(key !== (before.key ?? '') && { key: key || null }),
    ...(status && status !== before.status && { status }),
    ...(criticality && criticality !== before.criticality && { criticality }),
    ...(!isSame && { attributes }),
  };
}

/** What both an item and its form say. */
type Shown = { readonly [Name in keyof ItemValues]?: ItemValues[Name] | null };

const FIELDS: FieldTexts<Shown> = [
  ['Name', ({ name }) => name ?? ''],
  ['Type', ({ type }) => type ?? ''],
  ['Key', ({ key }) => key ?? ''],
  ['Status', ({ status }) => status ?? ''],
  ['Criticality', ({ criticality }) => criticality ?? ''],
  ['Attributes', ({ attributes }) => (attributes ? JSON.stringify(attributes) : 'not valid yet')],
];
