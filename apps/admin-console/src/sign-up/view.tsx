import { Container, Paper, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';

interface ViewProps {
  readonly title: string;
  readonly children: ReactNode;
}

let shown: string | null = null;

/** One state of the page. The focus moves to the heading when the state changes, for screen readers. */
export function View({ title, children }: ViewProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Atlas`;
    if (shown !== null && shown !== title) heading.current?.focus();
    shown = title;
  }, [title]);
  return (
    <Container component="main" size={480} py={{ base: 'lg', sm: 64 }}>
      <Text fw={700} mb="lg">
        Atlas
      </Text>
      <Paper withBorder p="lg">
        <Title order={1} size="h3" mb="md" ref={heading} tabIndex={-1} style={{ outline: 'none' }}>
          {title}
        </Title>
        <Stack>{children}</Stack>
      </Paper>
    </Container>
  );
}
