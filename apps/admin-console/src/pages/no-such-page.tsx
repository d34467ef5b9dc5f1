import { Container, Text, Title } from '@mantine/core';
import { TextLink } from '../parts/links';

export function NoSuchPage() {
  return (
    <Container size={560} py={80}>
      <Title order={1} size="h3" mb="md">
        There is no such page
      </Title>
      <Text>
        Check the address, or <TextLink to="/">start from the overview</TextLink>.
      </Text>
    </Container>
  );
}
