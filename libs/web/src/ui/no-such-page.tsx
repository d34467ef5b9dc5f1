import { Container, Text, Title } from '@mantine/core';
import { type ReactNode } from 'react';

/** Shown at an address that no page has. Contains a link to the first page. */
export function NoSuchPage({ children }: { readonly children: ReactNode }) {
  return (
    <Container size={560} py={80}>
      <Title order={1} size="h3" mb="md">
        There is no such page
      </Title>
      <Text>Check the address, or {children}.</Text>
    </Container>
  );
}
