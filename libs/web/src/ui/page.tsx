import { Anchor, Box, Breadcrumbs, Group, Loader, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import { ProblemAlert } from './problem-alert';

interface PageProps {
  readonly title: string;
  /** The pages above this one. */
  readonly within?: readonly { readonly to: string; readonly label: string }[];
  readonly actions?: ReactNode;
  /** What the page is about, in a sentence. */
  readonly about?: ReactNode;
  readonly error?: unknown;
  readonly isLoading?: boolean;
  readonly children?: ReactNode;
}

/** One page: its heading, what can be done here, what went wrong, and its content. */
export function Page({ title, within = [], actions, about, error, isLoading, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Atlas`;
  }, [title]);
  return (
    <Box component="section" p="md" maw={1200}>
      {within.length > 0 && (
        <Breadcrumbs fz="sm" mb="xs">
          {within.map(({ to, label }) => (
            <Anchor key={to} component={Link} to={to} size="sm">
              {label}
            </Anchor>
          ))}
        </Breadcrumbs>
      )}
      <Group justify="space-between" mb="md">
        <Title order={1} size="h3">
          {title}
        </Title>
        <Group gap="xs">{actions}</Group>
      </Group>
      {about !== undefined && (
        <Text c="dimmed" size="sm" mb="md">
          {about}
        </Text>
      )}
      <ProblemAlert error={error} />
      {isLoading === true ? <Loader aria-label="Loading" size="sm" /> : children}
    </Box>
  );
}
