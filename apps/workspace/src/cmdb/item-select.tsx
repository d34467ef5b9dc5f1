import { MultiSelect, Select } from '@mantine/core';
import { useState } from 'react';
import { type Item } from './item';
import { useFoundItems, useItemsById } from './use-items';

const labelOf = ({ name, type }: Item): string => `${name} (${type})`;

/** The item that cannot be chosen, and why. */
interface Exception {
  readonly id: string;
  readonly why: string;
}

/** The items that match a text, and those that are chosen already. */
function useOffered(text: string, chosen: readonly string[], except?: Exception) {
  // What was chosen here is known. What a form began with is not.
  const [kept, setKept] = useState<ReadonlyMap<string, Item>>(new Map());
  const others = useItemsById(chosen.filter((id) => !kept.has(id)));
  // The field shows the label of the chosen item, which is not a text to look for.
  const isChosen = chosen.some((id) => {
    const item = kept.get(id) ?? others.get(id);
    return item !== undefined && labelOf(item) === text;
  });
  const { data, isError, isLooking } = useFoundItems(isChosen ? '' : text);
  const all = data?.items ?? [];
  const found = all.filter(({ id }) => id !== except?.id);
  const isAllChosen = found.length > 0 && found.every(({ id }) => chosen.includes(id));
  const known = new Map([...others.values(), ...kept.values(), ...found].map((item) => [item.id, item]));
  const whyNone = (): string => {
    if (isLooking) return 'Looking…';
    if (isError) return 'The search failed. Type again to retry.';
    if (isAllChosen) return 'Already chosen.';
    return except && found.length < all.length ? except.why : 'No such item.';
  };
  const keep = (ids: readonly string[]): void =>
    setKept(new Map([...known].filter(([id]) => kept.has(id) || ids.includes(id))));
  return {
    known,
    keep,
    /** The choices, first those that match. */
    offered: [...new Set([...found.map(({ id }) => id), ...chosen])],
    common: {
      placeholder: 'Name or key',
      searchable: true,
      // In a dialog, the list would cover what comes below.
      openOnFocus: false,
      nothingFoundMessage: whyNone(),
    },
    more: data?.next_cursor ? 'There are more. Type more of the name.' : undefined,
  };
}

interface ChoiceProps {
  readonly label: string;
  readonly description?: string;
  readonly error?: string;
  /** Has the focus when the form appears, also in a dialog. */
  readonly autoFocus?: boolean;
}

interface ItemSelectProps extends ChoiceProps {
  readonly value: string | null;
  readonly onChange: (item: Item | null) => void;
  readonly except?: Exception;
  readonly required?: boolean;
}

/** Chooses one item by its name or key. */
export function ItemSelect({ value, onChange, description, except, ...field }: ItemSelectProps) {
  const [text, setText] = useState('');
  const { known, keep, offered, common, more } = useOffered(text, value === null ? [] : [value], except);
  return (
    <Select
      {...field}
      {...common}
      data-autofocus={field.autoFocus}
      description={description ?? (value === null ? more : undefined)}
      clearable
      allowDeselect={false}
      data={offered.map((id) => ({ value: id, label: nameFor(known.get(id)) }))}
      // The plane has done that.
      filter={({ options }) => options}
      searchValue={text}
      onSearchChange={setText}
      value={value}
      onChange={(id) => {
        if (id !== null) keep([id]);
        onChange(id === null ? null : (known.get(id) ?? null));
      }}
    />
  );
}

interface ItemsSelectProps extends ChoiceProps {
  readonly value: string[];
  readonly onChange: (ids: string[]) => void;
  readonly most: number;
}

/** Chooses several items. */
export function ItemsSelect({ value, onChange, most, description, ...field }: ItemsSelectProps) {
  const [text, setText] = useState('');
  const { known, keep, offered, common, more } = useOffered(text, value);
  return (
    <MultiSelect
      {...field}
      {...common}
      data-autofocus={field.autoFocus}
      description={description ?? more}
      clearable
      hidePickedOptions
      maxValues={most}
      data={offered.map((id) => ({ value: id, label: nameFor(known.get(id)) }))}
      filter={({ options }) => options}
      searchValue={text}
      onSearchChange={setText}
      value={value}
      onChange={(ids) => {
        keep(ids);
        onChange(ids);
      }}
    />
  );
}

function nameFor(item: Item | undefined): string {
  return item ? labelOf(item) : 'An item chosen before';
}
