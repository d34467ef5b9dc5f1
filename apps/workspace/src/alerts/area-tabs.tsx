import { Tabs } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useMay } from '../session';

const TABS = [
  ['/alerts', 'Alerts'],
  ['/silences', 'Silences'],
  ['/data-sources', 'Data sources'],
] as const;

/** The pages about alerts. Others than operators can only open the first. */
export function AreaTabs({ active }: { readonly active: (typeof TABS)[number][0] }) {
  const navigate = useNavigate();
  if (!useMay('operator')) return null;
  return (
    <Tabs
      value={active}
      mb="md"
      activateTabWithKeyboard={false}
      onChange={(value) => {
        const tab = TABS.find(([to]) => to === value);
        if (tab) void navigate({ to: tab[0] });
      }}
    >
      <Tabs.List aria-label="About alerts">
        {TABS.map(([to, label]) => (
          <Tabs.Tab key={to} value={to}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
    </Tabs>
  );
}
