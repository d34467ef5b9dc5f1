import { Code, Group, Text } from '@mantine/core';

type Labels = Readonly<Record<string, string>>;

/** Labels as `site=berlin`. */
export function LabelsShown({ labels, none = '–' }: { readonly labels: Labels; readonly none?: string }) {
  const list = Object.entries(labels);
  if (list.length === 0)
    return (
      <Text span size="sm" c="dimmed">
        {none}
      </Text>
    );
  return (
    <Group gap={4} component="span">
      {list.map(([name, value]) => (
        <Code key={name}>
          {name}={value}
        </Code>
      ))}
    </Group>
  );
}
