import { Group, Stack, Title } from '@mantine/core';
import { type ReactNode } from 'react';

interface SectionProps {
  readonly title: string;
  /** For links that lead to this part. */
  readonly id?: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

const BELOW_HEADER = 64;

/** A part of a page, with its heading. */
export function Section({ title, id, actions, children }: SectionProps) {
  return (
    <Stack gap="xs" component="section" id={id} style={{ scrollMarginTop: BELOW_HEADER }}>
      <Group justify="space-between" gap="xs">
        <Title order={2} size="h5">
          {title}
        </Title>
        {actions}
      </Group>
      {children}
    </Stack>
  );
}
