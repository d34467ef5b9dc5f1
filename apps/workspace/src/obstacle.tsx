import { Button, Container, Group, Modal, Stack, Text, Title } from '@mantine/core';
import { CopyBlock } from '@atlas/web';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { OBSTACLE, type Obstacle, quietApi } from './api';

const RETRY_MS = 30_000;
const LEAVE_MS = 3000;
/** Above everything else. */
const Z_INDEX = 500;

/** Covers the page, whose texts stay as they are, while the whole workspace cannot be used. */
export function ObstacleCover() {
  const { data: obstacle } = useQuery<Obstacle>({ queryKey: OBSTACLE, queryFn: () => null, enabled: false });
  if (obstacle === 'suspended') return <Suspended />;
  if (obstacle === 'moved') return <Moved />;
  if (obstacle === 'unknown') return <Unknown />;
  return null;
}

interface CoverProps {
  readonly title: string;
  readonly children: ReactNode;
}

function Cover({ title, children }: CoverProps) {
  useEffect(() => {
    document.title = `${title} · Atlas`;
  }, [title]);
  return (
    <Modal
      opened
      fullScreen
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      zIndex={Z_INDEX}
      aria-label={title}
    >
      <Container size={560} py={80} role="alert">
        <Title order={1} size="h3" mb="md">
          {title}
        </Title>
        <Stack>{children}</Stack>
      </Container>
    </Modal>
  );
}

function Suspended() {
  const queries = useQueryClient();
  const router = useRouter();
  const { isSuccess } = useQuery({
    queryKey: ['suspended'],
    queryFn: () => quietApi.GET('/api/tenant-default').then(() => true),
    refetchInterval: RETRY_MS,
    retry: false,
    gcTime: 0,
  });
  useEffect(() => {
    if (!isSuccess) return;
    queries.setQueryData<Obstacle>(OBSTACLE, null);
    void queries.invalidateQueries();
    void router.invalidate();
  }, [isSuccess, queries, router]);
  return (
    <Cover title="This workspace is suspended">
      <Text>
        Nobody can sign in or change anything, and nothing was deleted. Ask the person who looks after your
        contract with Atlas.
      </Text>
      <Text>This page tries again every 30 seconds.</Text>
    </Cover>
  );
}

/** The plane sends this navigation to the new address, and the fragment goes along. */
function newAddress(): string {
  return `${location.pathname}${location.search}#moved`;
}

function go(): void {
  location.assign(newAddress());
  // A change of only the fragment asks the plane for nothing.
  location.reload();
}

function Moved() {
  const [texts] = useState(unsentTexts);
  const isFree = texts.length === 0;
  useEffect(() => {
    if (!isFree) return;
    const timer = setTimeout(go, LEAVE_MS);
    return () => clearTimeout(timer);
  }, [isFree]);
  return (
    <Cover title="This workspace has moved to a new address">
      <Text>
        {isFree
          ? 'We take you there. You sign in once more.'
          : 'Copy what you have typed, then go there and sign in once more.'}
      </Text>
      {texts.map((text) => (
        <CopyBlock key={text} name="the text" text={text} />
      ))}
      <Group>
        <Button onClick={go}>Go now</Button>
      </Group>
    </Cover>
  );
}

/** What is in the text areas of the page. */
function unsentTexts(): readonly string[] {
  const areas = document.querySelectorAll<HTMLTextAreaElement>('textarea:not([aria-hidden])');
  return [...new Set([...areas].map(({ value }) => value).filter((value) => value.trim()))];
}

function Unknown() {
  return (
    <Cover title="There is no workspace at this address">
      <Text>It may have been removed, or have moved to an address that is not known here.</Text>
      <Text>
        Check the address against the one in your invitation email. It begins with your organisation’s short
        name. If it used to work, get the new address from whoever runs Atlas for you.
      </Text>
    </Cover>
  );
}
